//! Tests of the library, in this process: its cryptography, its messages, its flow on a paused clock, the SoftAP link
//! and the simulated device, and back ends. What needs the built program is in `tests/program/`.

mod attacks;
mod backend;
mod common;
mod corpus;
mod decoders;
mod flow;
mod runs;
mod security_vectors;
mod sim_cloud;
mod sim_device;
mod sim_http;
mod sim_session;
mod soak;
mod softap;
mod tampering;
mod vectors;
