//! Which secure session an HTTP request belongs to: the firmware's cookie rules, and nothing of HTTP itself.
//!
//! See docs/protocol.md, SoftAP. The device remembers one session id and one socket. An exact cookie continues the session from
//! any socket; without a readable cookie the remembered socket does; everything else is a new session.

/// The firmware's cookie buffer holds 20 bytes, a terminating zero included; a longer one is ignored.
const READABLE: usize = 19;

/// The one session the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sessions {
    /// False for firmware where a session lasts as long as its socket.
    cookies: bool,
    id: Option<u32>,
    socket: Option<u64>,
}

/// What a request means for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// The session goes on.
    Same,
    /// The old session ends, a new one begins.
    New,
}

impl Sessions {
    pub(super) fn new(cookies: bool) -> Self {
        Self { cookies, id: None, socket: None }
    }

    /// Looks at a request's cookie and socket.
    pub(super) fn place(&mut self, cookie: Option<&[u8]>, socket: u64) -> Belongs {
        let readable = cookie.filter(|cookie| self.cookies && cookie.len() <= READABLE);
        let same = match readable {
            Some(cookie) => {
                let exact = self.id.is_some_and(|id| cookie == format!("session={id}").as_bytes());
                if exact {
                    // From here on the cookie alone counts.
                    self.socket = None;
                }
                exact
            }
            None => self.socket == Some(socket),
        };
        if same { Belongs::Same } else { Belongs::New }
    }

    /// Begins a session with a fresh id; the value of its `Set-Cookie`, where the firmware knows cookies.
    pub(super) fn begin(&mut self, id: u32, socket: u64) -> Option<String> {
        self.id = Some(id);
        self.socket = Some(socket);
        self.cookies.then(|| format!("session={id}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_counts_more_than_the_socket() {
        let mut sessions = Sessions::new(true);
        assert_eq!(sessions.place(None, 1), Belongs::New);
        assert_eq!(sessions.begin(4_294_967_295, 1).as_deref(), Some("session=4294967295"));
        assert_eq!(sessions.place(None, 1), Belongs::Same, "no cookie, same socket");
        assert_eq!(sessions.place(None, 2), Belongs::New, "no cookie, another socket");
        assert_eq!(sessions.place(Some(b"session=1"), 1), Belongs::New, "a wrong cookie, same socket");
        assert_eq!(sessions.place(Some(b"session=4294967295; a=b"), 1), Belongs::Same, "too long to be read");
        assert_eq!(sessions.place(Some(b"session=4294967295"), 2), Belongs::Same);
        assert_eq!(sessions.place(None, 1), Belongs::New, "the socket is forgotten once the cookie was seen");
    }

    #[test]
    fn old_firmware_knows_sockets_only() {
        let mut sessions = Sessions::new(false);
        assert_eq!(sessions.begin(7, 1), None);
        assert_eq!(sessions.place(Some(b"session=7"), 1), Belongs::Same);
        assert_eq!(sessions.place(Some(b"session=7"), 2), Belongs::New);
    }
}
