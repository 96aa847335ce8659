//! Many devices in one process, each on its own port.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::server::serve;
use crate::sim::device::Device;
use crate::sim::host::{Ended, Observer};
use crate::sim::options::DeviceOptions;

/// Devices bound to their ports, not booted yet.
#[derive(Debug)]
pub struct Fleet {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    listener: TcpListener,
    address: SocketAddr,
    options: DeviceOptions,
}

impl Fleet {
    /// Binds `count` devices to consecutive ports from `port` on, or to any free ones where it is 0. The devices
    /// differ in seed, name and node id ([`DeviceOptions::numbered`]).
    ///
    /// # Errors
    /// Where a port is taken or there are not enough of them.
    pub async fn bind(ip: IpAddr, port: u16, count: u16, options: &DeviceOptions) -> io::Result<Self> {
        let mut members = Vec::with_capacity(count.into());
        for index in 0..count {
            let wanted = if port == 0 { Some(0) } else { port.checked_add(index) };
            let past = || io::Error::new(io::ErrorKind::InvalidInput, "the highest port is 65535");
            let wanted = wanted.ok_or_else(past)?;
            let listener = TcpListener::bind((ip, wanted)).await?;
            let address = listener.local_addr()?;
            members.push(Member { listener, address, options: options.numbered(index.into()) });
        }
        Ok(Self { members })
    }

    /// Where each device is, in order.
    pub fn members(&self) -> impl Iterator<Item = (SocketAddr, &DeviceOptions)> {
        self.members.iter().map(|member| (member.address, &member.options))
    }

    /// Boots and serves all of them until each has stopped or `shutdown` resolves; how many stopped by themselves.
    ///
    /// # Errors
    /// The first failure of a listener ends the whole fleet.
    pub async fn run(self, shutdown: impl Future<Output = ()>, observer: Option<Observer>) -> io::Result<usize> {
        // Dropped with this future: a set aborts its tasks, and the channel's end tells them first.
        let (end, ended) = watch::channel(());
        let mut tasks = JoinSet::new();
        for member in self.members {
            let (mut ended, observer) = (ended.clone(), observer.clone());
            tasks.spawn(async move {
                let closed = async move { while ended.changed().await.is_ok() {} };
                serve(member.listener, Device::new(member.options), closed, observer).await
            });
        }
        drop(ended);
        tokio::pin!(shutdown);
        let mut end = Some(end);
        let mut stopped = 0;
        loop {
            tokio::select! {
                () = &mut shutdown, if end.is_some() => end = None,
                finished = tasks.join_next() => match finished {
                    None => return Ok(stopped),
                    Some(result) => {
                        let result = result.map_err(io::Error::other)??;
                        stopped += usize::from(result == Ended::Stopped);
                    }
                }
            }
        }
    }
}
