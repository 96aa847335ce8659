//! Tests of the repository itself: its sources keep the rules of `docs/ARCHITECTURE.md`, and what is generated
//! and checked in is up to date.

mod architecture;
mod circles;
mod docs;
mod imports;
mod protobuf;
