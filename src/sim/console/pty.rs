//! The pseudo-terminal of a simulated board. Its calls block, so it runs on a separate thread.

use std::future::Future;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serialport::{SerialPort as _, TTYPort};
use tokio::sync::oneshot;

use super::board::{Board, Step};
use super::manner::Manner;
use crate::sim::device::Device;
use crate::sim::host::{Ended, Observer};

/// How long a read waits before the device's clock is advanced.
const TICK: Duration = Duration::from_millis(5);
/// Bytes taken at once.
const CHUNK: usize = 1024;
/// Bytes that may wait for a reader: a pseudo-terminal holds 4095 for one, and blocks its writer past some more.
const UNREAD: u32 = 3000;
/// How long the board waits for a reader that may not be there.
const READER_WAIT: Duration = Duration::from_millis(200);
/// The same for a reader that is known to be there, since it has written: its computer may be slow.
const CLIENT_WAIT: Duration = Duration::from_secs(10);
/// How long the thread may take to notice the end.
const ENDING: Duration = Duration::from_secs(1);
/// The line stays up this long after the device has stopped, so that its last output is read.
const LINGER: Duration = Duration::from_millis(500);
/// Bits a byte takes on the wire: start, eight, stop.
const BITS: u32 = 10;
/// Bytes written in one go where the rate is kept.
const PACED: usize = 16;

/// A pseudo-terminal for one board.
#[derive(Debug)]
pub struct Host {
    master: TTYPort,
    /// Held open so that the line's settings stay raw and its output is kept while no client is there.
    slave: TTYPort,
    path: String,
}

impl Host {
    /// Makes a pseudo-terminal.
    ///
    /// # Errors
    /// Where the system cannot make another one.
    pub fn open() -> io::Result<Self> {
        let (mut master, slave) = TTYPort::pair()?;
        master.set_timeout(TICK)?;
        let path = slave.name().ok_or_else(|| io::Error::other("a pseudo-terminal without a path"))?;
        Ok(Self { master, slave, path })
    }

    /// The path a client opens.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Boots the device and serves it until it stops or `shutdown` resolves. Dropping the future ends it as well.
    ///
    /// # Errors
    /// Where the pseudo-terminal fails.
    pub async fn run(
        self,
        device: Device,
        manner: Manner,
        shutdown: impl Future<Output = ()>,
        observer: Option<Observer>,
    ) -> io::Result<Ended> {
        let off = Switch::default();
        let (sender, ended) = oneshot::channel();
        let name = device.options().name();
        let mut line = Wire {
            board: Board::new(device, manner),
            master: self.master,
            slave: self.slave,
            baud: manner.baud,
            off: off.0.clone(),
            attended: false,
            booted: Instant::now(),
            observer,
            name,
        };
        thread::spawn(move || sender.send(line.serve()));
        tokio::pin!(ended);
        let result = tokio::select! {
            result = &mut ended => result,
            () = shutdown => {
                off.0.store(true, Ordering::Relaxed);
                let _ = tokio::time::timeout(ENDING, ended).await;
                return Ok(Ended::Shutdown);
            }
        };
        result.map_err(io::Error::other)?
    }
}

/// Ends the thread when it is dropped.
#[derive(Default)]
struct Switch(Arc<AtomicBool>);

impl Drop for Switch {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Wire {
    board: Board,
    master: TTYPort,
    slave: TTYPort,
    baud: Option<u32>,
    off: Arc<AtomicBool>,
    /// Whether there is a client: it has written, and reads.
    attended: bool,
    booted: Instant,
    observer: Option<Observer>,
    name: String,
}

impl Wire {
    fn serve(&mut self) -> io::Result<Ended> {
        let steps = self.board.power_on();
        self.carry_out(steps);
        let mut stopped = None;
        while !self.off.load(Ordering::Relaxed) {
            let now = self.tick();
            if self.board.stops_at().is_some_and(|at| at <= now) {
                let since = *stopped.get_or_insert(now);
                if now >= since + LINGER {
                    return Ok(Ended::Stopped);
                }
            }
            let drained = self.drain()?;
            self.attended |= !drained.is_empty();
            let now = self.tick();
            let steps = if drained.is_empty() { self.board.idle(now) } else { self.board.input(now, &drained) };
            self.tick();
            self.carry_out(steps);
        }
        Ok(Ended::Shutdown)
    }

    /// All the input that is there; nothing after a tick without any.
    fn drain(&mut self) -> io::Result<Vec<u8>> {
        let mut drained = Vec::new();
        let mut chunk = [0; CHUNK];
        loop {
            match self.master.read(&mut chunk) {
                Ok(count) => drained.extend_from_slice(&chunk[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
            if self.master.bytes_to_read().map_or(true, |left| left == 0) || drained.len() > CHUNK {
                return Ok(drained);
            }
        }
    }

    fn carry_out(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Pause(span) => self.pause(span),
                Step::Print(bytes) => self.print(&bytes),
            }
        }
    }

    /// Prints; output without a reader is lost, as on a UART.
    fn print(&mut self, bytes: &[u8]) {
        let length = if self.baud.is_some() { PACED } else { CHUNK };
        for piece in bytes.chunks(length) {
            if !self.write(piece) {
                self.attended = false;
                return;
            }
            if let Some(baud) = self.baud {
                let bits = u32::try_from(piece.len()).unwrap_or_default() * BITS;
                self.pause(Duration::from_secs(1) * bits / baud.max(1));
            }
        }
    }

    /// Writes a piece once there is room for it; returns whether there was, without waiting for a reader that may
    /// never come.
    fn write(&mut self, mut piece: &[u8]) -> bool {
        let end = Instant::now() + if self.attended { CLIENT_WAIT } else { READER_WAIT };
        while !piece.is_empty() {
            let full = self.slave.bytes_to_read().is_ok_and(|unread| unread > UNREAD);
            match if full { Err(io::ErrorKind::TimedOut.into()) } else { self.master.write(piece) } {
                Ok(written) => piece = &piece[written..],
                Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {
                    if Instant::now() > end || self.off.load(Ordering::Relaxed) {
                        return false;
                    }
                    thread::sleep(Duration::from_millis(1));
                }
                Err(_) => return false,
            }
        }
        true
    }

    /// Sleeps in short pieces, so that the end does not have to wait for a long delay.
    fn pause(&self, span: Duration) {
        let end = Instant::now() + span;
        while !self.off.load(Ordering::Relaxed) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Advances the device's clock and reports the events of that time.
    fn tick(&mut self) -> Duration {
        let now = self.booted.elapsed();
        let events = self.board.tick(now);
        if let Some(observer) = &self.observer {
            for timed in &events {
                observer(&self.name, timed);
            }
        }
        now
    }
}
