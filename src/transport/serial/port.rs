//! One open port.

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use serialport::ClearBuffer;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{PortError, access, ports};
use crate::transport::{Evidence, TransportError};

/// How long a read waits before it looks whether the port is still wanted. It is the port's only timeout: Windows has
/// one for both directions, and lets a write wait behind a read.
const READ_WAIT: Duration = Duration::from_millis(50);
/// How long a busy port is tried again, [`READ_WAIT`] apart: by then a port that is being closed is closed.
const FREE_WAIT: Duration = Duration::from_millis(200);
/// The same while this program closes one itself.
const CLOSED_WAIT: Duration = Duration::from_secs(10);
/// How long the port may take to take a line; where the system itself waits, a second more.
const WRITE_WAIT: Duration = Duration::from_secs(5);
/// Bytes taken at once.
const CHUNK: usize = 4096;
/// Chunks that may wait to be read before the reader waits.
const QUEUE: usize = 64;
/// How long RTS holds the board in reset.
const RESET_PULSE: Duration = Duration::from_millis(100);

/// How to open a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The port's path or name: `/dev/ttyUSB0`, `COM3`.
    pub path: String,
    /// Bits per second; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
}

/// An open port. Dropping it closes it, and so does an error: the system keeps the name of a port that went away from
/// the one that comes back for as long as a program holds it.
pub struct SerialPort {
    settings: Settings,
    writer: Option<Writer>,
    incoming: mpsc::Receiver<io::Result<Vec<u8>>>,
    wanted: Arc<AtomicBool>,
}

impl SerialPort {
    /// Opens a port for this program alone, with DTR and RTS de-asserted where it has them: neither resets the board.
    /// A port without modem lines (a pseudo-terminal) is as good.
    ///
    /// # Errors
    /// [`PortError::Absent`], [`PortError::Permission`], [`PortError::Busy`]; [`PortError::Unusable`] with the operating
    /// system's reason for all else.
    pub async fn open(settings: &Settings) -> Result<Self, PortError> {
        let wanted = settings.clone();
        let opened = tokio::task::spawn_blocking(move || open_when_free(&wanted)).await;
        let (writer, reader) = opened.map_err(|error| unusable(&settings.path, &error.into()))??;
        let (sender, incoming) = mpsc::channel(QUEUE);
        let wanted = reader.wanted.clone();
        thread::spawn(move || read(reader, &sender));
        Ok(Self { settings: settings.clone(), writer: Some(writer), incoming, wanted })
    }

    /// The port's name.
    pub fn path(&self) -> &str {
        &self.settings.path
    }

    /// How it was opened.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Hands all of `bytes` to the port in one go; does not wait until they are on the wire, which a board that takes
    /// nothing would never let them be.
    ///
    /// # Errors
    /// [`Evidence::Io`] where the port is gone, or does not take them in time.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        let bytes = zeroize::Zeroizing::new(bytes.to_vec());
        self.with_writer(move |writer| write(writer, &bytes)).await
    }

    /// What has arrived since the last call; waits for at least one byte.
    ///
    /// # Errors
    /// [`Evidence::Io`] where the port is gone.
    pub async fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        let received = self.incoming.recv().await.unwrap_or_else(|| Err(gone()));
        received.map_err(|source| {
            self.close();
            TransportError::from(Evidence::Io { peer: self.settings.path.clone(), source })
        })
    }

    /// A piece of what has arrived already, where there is one.
    pub fn arrived(&mut self) -> Option<Vec<u8>> {
        self.incoming.try_recv().ok()?.ok()
    }

    /// Restarts the board: RTS holds it in reset for a moment while DTR leaves it to boot its firmware. Does nothing on
    /// ports without modem lines.
    ///
    /// # Errors
    /// [`Evidence::Io`] where the port is gone.
    pub async fn restart_board(&mut self) -> Result<(), TransportError> {
        self.with_writer(|writer| {
            let _ = writer.write_data_terminal_ready(false);
            if writer.write_request_to_send(true).is_ok() {
                thread::sleep(RESET_PULSE);
                let _ = writer.write_request_to_send(false);
            }
            Ok(())
        })
        .await
    }

    /// Runs something that blocks on the writing half; a future that is dropped meanwhile leaves the port unusable.
    async fn with_writer(
        &mut self,
        run: impl FnOnce(&mut dyn serialport::SerialPort) -> io::Result<()> + Send + 'static,
    ) -> Result<(), TransportError> {
        let failed = |source| TransportError::from(Evidence::Io { peer: self.settings.path.clone(), source });
        let mut writer = self.writer.take().ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotConnected)))?;
        let running = tokio::task::spawn_blocking(move || {
            let result = run(&mut *writer.0.port);
            (writer, result)
        });
        // A system that lets the write wait longer keeps its own thread, and no other.
        let done = timeout(WRITE_WAIT + Duration::from_secs(1), running)
            .await
            .map_err(|_| failed(io::ErrorKind::TimedOut.into()))?;
        let (writer, result) = done.map_err(|error| failed(io::Error::other(error)))?;
        if result.is_ok() {
            self.writer = Some(writer);
        } else {
            drop(writer);
            self.close();
        }
        let path = &self.settings.path;
        result.map_err(|source| TransportError::from(Evidence::Io { peer: path.clone(), source }))
    }

    fn close(&mut self) {
        self.writer = None;
        let wanted = std::mem::take(&mut self.wanted);
        wanted.store(false, Ordering::Relaxed);
        closing().push(Arc::downgrade(&wanted));
        // A reader that waits for room in the queue waits no longer.
        self.incoming.close();
    }
}

impl Drop for SerialPort {
    fn drop(&mut self) {
        self.close();
    }
}

/// Ports that were closed; while a half of one is held, its port is not free.
static CLOSING: Mutex<Vec<Weak<AtomicBool>>> = Mutex::new(Vec::new());

fn closing() -> std::sync::MutexGuard<'static, Vec<Weak<AtomicBool>>> {
    let mut closing = CLOSING.lock().unwrap_or_else(PoisonError::into_inner);
    closing.retain(|wanted| wanted.strong_count() > 0);
    closing
}

/// What one thread holds of an open port.
struct Half {
    port: Box<dyn serialport::SerialPort>,
    /// Whether anybody wants the port. Let go of after the port itself: it tells that the port is held.
    wanted: Arc<AtomicBool>,
}

/// The half that writes.
struct Writer(Half);

impl Drop for Writer {
    /// What the board has not taken goes: the system would wait for it before it closes the port, Linux for half a minute.
    fn drop(&mut self) {
        let _ = self.0.port.clear(ClearBuffer::Output);
    }
}

/// Writes all of it, a piece whenever the port takes one.
fn write(port: &mut dyn serialport::SerialPort, mut bytes: &[u8]) -> io::Result<()> {
    let end = Instant::now() + WRITE_WAIT;
    while !bytes.is_empty() {
        match port.write(bytes) {
            Ok(taken) => bytes = &bytes[taken..],
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        if !bytes.is_empty() && Instant::now() > end {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    Ok(())
}

/// A port that was closed a moment ago, by this program or another, may still be held: its reader ends at the next
/// look.
fn open_when_free(settings: &Settings) -> Result<(Writer, Half), PortError> {
    let began = Instant::now();
    loop {
        // Asked first: the port may become free between the two.
        let wait = if closing().is_empty() { FREE_WAIT } else { CLOSED_WAIT };
        match open(settings) {
            Err(PortError::Busy { .. }) if began.elapsed() < wait => thread::sleep(READ_WAIT),
            opened => return opened,
        }
    }
}

fn open(settings: &Settings) -> Result<(Writer, Half), PortError> {
    let path = settings.path.as_str();
    let failed = |error: serialport::Error| unusable(path, &error.into());
    // The system asserts both lines when it opens a port. RTS goes first: with RTS alone asserted, the usual circuit
    // holds the board in reset.
    let opened = serialport::new(path, rate(settings)).timeout(READ_WAIT).preserve_dtr_on_open().open();
    let mut port = opened.map_err(|error| refused(path, error))?;
    // Not every port has modem lines: pseudo-terminals and some adapters answer with an error.
    let _ = port.write_request_to_send(false);
    let _ = port.write_data_terminal_ready(false);
    let other = port.try_clone().map_err(failed)?;
    let wanted = Arc::new(AtomicBool::new(true));
    Ok((Writer(Half { port, wanted: wanted.clone() }), Half { port: other, wanted }))
}

/// The pseudo-terminals of macOS, `/dev/ttys003`, refuse to be given a rate; 0 is the library's word for none.
fn rate(settings: &Settings) -> u32 {
    let has_none =
        || Path::new(&settings.path).canonicalize().is_ok_and(|path| path.to_string_lossy().starts_with("/dev/ttys"));
    if cfg!(target_os = "macos") && has_none() { 0 } else { settings.baud }
}

/// What the library's error means: it says "no device" of a port that another program has locked.
fn refused(path: &str, error: serialport::Error) -> PortError {
    use serialport::ErrorKind::{Io, NoDevice};
    match error.kind {
        NoDevice | Io(io::ErrorKind::ResourceBusy) if is_there(path) => access::busy(path),
        NoDevice | Io(io::ErrorKind::NotFound) => PortError::Absent { wanted: path.to_owned(), present: Vec::new() },
        Io(io::ErrorKind::PermissionDenied) => access::not_permitted(path),
        _ => unusable(path, &error.into()),
    }
}

/// Windows has no path for a port above COM9 that could be looked at, and looking would open one below.
fn is_there(path: &str) -> bool {
    if cfg!(windows) {
        let name = path.strip_prefix(r"\\.\").unwrap_or(path);
        return ports().iter().any(|port| port.path.eq_ignore_ascii_case(name));
    }
    Path::new(path).exists()
}

fn unusable(path: &str, error: &io::Error) -> PortError {
    PortError::Unusable { path: path.to_owned(), reason: error.to_string() }
}

/// Hands on what arrives until the reader is gone or the port is.
fn read(mut half: Half, sender: &mpsc::Sender<io::Result<Vec<u8>>>) {
    let mut chunk = [0; CHUNK];
    while half.wanted.load(Ordering::Relaxed) {
        let received = match half.port.read(&mut chunk) {
            Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok(length) => Ok(chunk[..length].to_vec()),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => continue,
            Err(error) => Err(error),
        };
        if received.is_err() {
            // Whoever learns of it may open it again at once.
            drop(half);
            let _ = sender.blocking_send(received);
            return;
        }
        if sender.blocking_send(received).is_err() {
            return;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use serialport::{SerialPort as _, TTYPort};

    use super::*;

    fn pair() -> (TTYPort, Settings) {
        let (master, slave) = TTYPort::pair().expect("a pseudo-terminal");
        let path = slave.name().expect("a path");
        // The far end stays open by path only.
        drop(slave);
        (master, Settings { path, baud: 115_200 })
    }

    #[tokio::test]
    async fn bytes_go_both_ways_without_modem_lines() {
        let (mut board, settings) = pair();
        let mut port = SerialPort::open(&settings).await.expect("an open port");
        port.restart_board().await.expect("no modem lines is no error");
        port.send(b"hello\r").await.expect("sent");
        let mut heard = [0; 6];
        board.read_exact(&mut heard).expect("heard");
        assert_eq!(&heard, b"hello\r");
        board.write_all(b"\n>> ").expect("written");
        assert_eq!(port.receive().await.expect("received"), b"\n>> ");
    }

    #[tokio::test]
    async fn a_board_that_takes_nothing_does_not_hold_up_the_run() {
        let (board, settings) = pair();
        let mut port = SerialPort::open(&settings).await.expect("an open port");
        let error = port.send(&vec![b'x'; 256 * 1024]).await.expect_err("more than the line holds");
        let TransportError { evidence: Evidence::Io { source, .. }, .. } = error else { panic!("{error}") };
        assert_eq!(source.kind(), io::ErrorKind::TimedOut);
        drop(board);
    }

    #[tokio::test]
    async fn a_port_that_goes_away_is_an_error() {
        let (board, settings) = pair();
        let mut port = SerialPort::open(&settings).await.expect("an open port");
        let held = Arc::downgrade(&port.wanted);
        drop(board);
        assert!(matches!(port.receive().await, Err(TransportError { evidence: Evidence::Io { .. }, .. })));
        assert_eq!(held.strong_count(), 0, "nothing of it is held");
        assert!(matches!(port.send(b"x").await, Err(TransportError { evidence: Evidence::Io { .. }, .. })));
    }

    #[tokio::test]
    async fn a_port_that_is_not_there_is_absent() {
        let settings = Settings { path: "/dev/no-such-port".to_owned(), baud: 115_200 };
        let error = SerialPort::open(&settings).await.err().expect("no port");
        assert!(matches!(error, PortError::Absent { .. }), "{error}");
    }

    #[tokio::test]
    async fn what_is_not_a_serial_port_is_named() {
        for path in ["/dev/null", "/tmp", "/etc/passwd"] {
            let error =
                SerialPort::open(&Settings { path: path.to_owned(), baud: 115_200 }).await.err().expect("no port");
            let PortError::Unusable { path: named, reason } = error else { panic!("{error}") };
            assert!(named == path && !reason.is_empty(), "{named}: {reason}");
        }
    }

    #[tokio::test]
    async fn a_port_that_was_closed_can_be_opened_again() {
        let (_board, settings) = pair();
        for _ in 0..5 {
            drop(SerialPort::open(&settings).await.expect("a free port"));
        }
    }

    /// On a machine with more to do, each thread gets to look whether its port is wanted much later.
    #[tokio::test]
    async fn a_port_whose_reader_is_late_can_be_opened_again() {
        let (_board, settings) = pair();
        let mut port = SerialPort::open(&settings).await.expect("an open port");
        let late = port.with_writer(|_| {
            thread::sleep(5 * FREE_WAIT);
            Ok(())
        });
        assert!(timeout(Duration::ZERO, late).await.is_err(), "it is still held");
        drop(port);
        drop(SerialPort::open(&settings).await.expect("a port that is free after all"));
    }

    #[tokio::test]
    async fn a_port_that_another_program_has_is_busy() {
        let (_board, settings) = pair();
        let _holder = SerialPort::open(&settings).await.expect("an open port");
        let error = SerialPort::open(&settings).await.err().expect("no second one");
        let PortError::Busy { holders, .. } = error else { panic!("{error}") };
        let own = format!("({})", std::process::id());
        assert!(cfg!(not(target_os = "linux")) || holders.iter().any(|it| it.ends_with(&own)), "{holders:?}");
    }
}
