//! Assets of several miners that are the same, byte by byte.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ledger::MinerFile;

use super::Verifier;
use super::matches::Context;
use super::report::Check;

impl Verifier<'_> {
    /// Remarks on assets that another miner of the round submitted too: whoever fetches what another has put up has the same bytes.
    /// Which of them was first, the files do not say.
    pub(super) fn check_copies(&mut self, context: &Context) {
        // Who had a content, in the order in which they challenge.
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        for (at, hotkey) in context.order.iter().enumerate() {
            let Some(file) = self.outputs(context.round, hotkey, &[MinerFile::Submitted]) else {
                continue;
            };
            let mut same: BTreeMap<usize, (usize, &str)> = BTreeMap::new();
            let mut all = 0;
            for (stem, row) in &file.value {
                let Some(sha256) = row.sha256.as_ref().filter(|_| row.asset.is_some()) else {
                    continue;
                };
                all += 1;
                match first.entry(sha256.to_ascii_lowercase()) {
                    Entry::Vacant(place) => drop(place.insert(at)),
                    Entry::Occupied(place) if *place.get() != at => {
                        same.entry(*place.get()).or_insert((0, stem.as_str())).0 += 1;
                    }
                    Entry::Occupied(_) => {}
                }
            }
            for (other, (count, stem)) in same {
                let problem = format!(
                    "{count} of {all} assets are those of {}, as \"{}\"",
                    context.order[other],
                    ledger::shorten(stem)
                );
                self.log.remark(Check::Outputs, &file.line(1, ""), problem);
            }
        }
    }
}
