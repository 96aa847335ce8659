//! `espctl sim --ble`, the built binary, on a stand-in for bluetoothd: what it registers, how it answers a central, how
//! it ends, and what keeps it from starting.

mod central;
mod device;
mod failures;
mod host;
mod life;
mod online;
