//! Two thousand sessions through somebody in the middle: how each ended. The proxy, and what must never be, are the
//! test's.

use crate::proxy::{Ended, session};
use crate::table::{Table, Target};

const SESSIONS: u64 = 2000;

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let mut ended = Vec::new();
    for seed in 0..SESSIONS {
        match runtime.block_on(session(seed)) {
            Ok(end) => ended.push(end),
            Err(what) => table.fail(&what),
        }
    }
    for (end, words) in
        [(Ended::Online, "online"), (Ended::Applied, "applied, not confirmed"), (Ended::Failed, "failed with a code")]
    {
        let count = ended.iter().filter(|own| **own == end).count();
        let count = u32::try_from(count).expect("few");
        table.add(&format!("2000 sessions through a proxy that tampers: {words}"), count.into(), "", &Target::None);
    }
}
