//! espctl takes ESP32-class devices from their box to online, over Espressif's unified provisioning (protocomm).
//!
//! The path of the data, each layer knowing only the ones below it:
//!
//! ```text
//! argv ─▶ commands::x::Args ─▶ plan ─▶ transport::connect ─▶ session::establish ─▶ session.call(Request)
//!  clap     as typed          checked,   bytes to a           handshake,           endpoint + protobuf
//!                             no I/O     named endpoint       then a cipher             │
//! exit status ◀─ error ◀─ report ◀─ Document ◀──────────────────────────────────────────┘
//!                           ▲ events: progress as data, pushed to an observer, never printed from below
//! ```
//!
//! Nothing under [`commands`] prints, prompts, reads the environment or exits. Nothing but [`transport`], [`backend`]
//! and the simulated device's host [`sim::http`] opens a socket. [`security`] does no I/O, knows no clock, and is handed its
//! randomness. `docs/ARCHITECTURE.md` has the tree and the seams, `tests/repository/architecture.rs` keeps them.
//!
//! The library is the program's: it has no promise of stability of its own.

// The ground floor: secrets, foreign text, values with their origin, every error code, the stages, and a failure as it
// is reported.
pub mod code;
pub mod failure;
pub mod origin;
pub mod secret;
pub mod stage;
pub mod text;

// Values both ends of the wire share.
pub mod wire;

// The protocol, pure.
pub mod endpoint;
pub mod security;

// Links: the only I/O to devices.
pub mod transport;

// One device: its session, the dialects it may speak, and the stages it goes through. Events and errors are values of all layers from here up.
pub mod device;
pub mod event;
pub mod provision;
pub mod session;

// Back ends: where devices are registered. They see a device only as `device::DeviceLink`.
pub mod backend;

// What the board itself says on its serial port, beside a session. Neither knows the other.
pub mod board;

// One device's run as a whole: its observers, its time, and what ends it early.
pub mod device_run;

// The simulated device. Only the program and `commands::sim` know of it.
pub mod sim;

// The program.
pub mod commands;
pub mod process;
pub mod qr_image;
pub mod report;
pub mod settings;
