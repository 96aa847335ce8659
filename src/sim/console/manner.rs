//! How a simulated board behaves on its line: noise, speed, and what its console speaks.

/// What the board's console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// ESP-IDF's `protocomm_console`.
    #[default]
    Protocomm,
    /// The RainMaker agent's own commands.
    RainMaker,
}

/// How the board behaves on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Log lines between and inside everything else it prints.
    pub noise: bool,
    /// Bits per second to keep to; as fast as it goes where `None`.
    pub baud: Option<u32>,
    /// What its console speaks.
    pub dialect: Dialect,
}
