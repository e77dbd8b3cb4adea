//! Ports for tests: those that an owner has no business with, journals in memory, and what people were told.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use arena::ports::{
    BuildSeen, Builds, Entropy, Journals, Notice, Notify, Order, OrderEnd, Sink, Stop, Studio, Web,
    WebError, WebLimits, Works,
};
use bytes::Bytes;
use chain::{Account, Block, Chain, ChainError, Keypair, Neuron, Pending, Receipt, Revealed};
use judge::{Description, Duel, DuelJudge, JudgeError, Parts, Verdict};
use ledger::Round;
use ledger::batcher::Journal;
use ledger::files::submissions::Submission;
use views::{Bundle, Kind, ViewsError};

/// Journals by name; they outlive whoever opened them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeMap<String, Content>>>);

/// Of one journal.
type Content = Arc<Mutex<Vec<u8>>>;

#[derive(Debug)]
struct InMemory(Content);

impl Memory {
    /// What a journal has.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let all = self.0.lock().unwrap();
        all.get(name).map(|content| content.lock().unwrap().clone()).unwrap_or_default()
    }
}

impl Journals for Memory {
    fn open(&self, name: &str) -> io::Result<Box<dyn Journal>> {
        let mut all = self.0.lock().unwrap();
        Ok(Box::new(InMemory(Arc::clone(all.entry(name.to_owned()).or_default()))))
    }
}

impl Journal for InMemory {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend(bytes);
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().truncate(usize::try_from(len).unwrap());
        Ok(())
    }
}

/// What people were told.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<Notice>>);

impl Told {
    pub(crate) fn titles(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|notice| notice.title.clone()).collect()
    }
}

impl Notify for Told {
    fn tell(&self, notice: Notice) {
        self.0.lock().unwrap().push(notice);
    }
}

/// Whatever an owner may not touch.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Entropy for Nobody {
    fn u32(&self) -> io::Result<u32> {
        unreachable!("nothing is random")
    }
}

impl Web for Nobody {
    fn get<'a>(&'a self, _: &'a str, _: &'a WebLimits) -> Pending<'a, Result<Bytes, WebError>> {
        unreachable!("no file is fetched")
    }
}

impl Studio for Nobody {
    fn bundle(&self, _: Kind, _: Bytes, _: Bytes) -> Pending<'_, Result<Bundle, ViewsError>> {
        unreachable!("nothing is drawn")
    }
}

impl DuelJudge for Nobody {
    fn describe(&self) -> Description {
        unreachable!("nothing is judged")
    }

    fn judge<'a>(&'a self, _: &'a Duel, _: Parts<'a>) -> Pending<'a, Result<Verdict, JudgeError>> {
        unreachable!("nothing is judged")
    }
}

impl Builds for Nobody {
    fn look<'a>(
        &'a self,
        _: Round,
        _: &'a [(String, Submission)],
    ) -> Pending<'a, Result<Option<BTreeMap<String, BuildSeen>>, String>> {
        unreachable!("nothing is built")
    }
}

impl Works for Nobody {
    fn run<'a>(
        &'a self,
        _: &'a Order,
        _: &'a dyn Sink,
        _: &'a Stop,
    ) -> Pending<'a, Result<(OrderEnd, Option<String>), String>> {
        unreachable!("nothing is run")
    }
}

impl Chain for Nobody {
    fn head(&self) -> Pending<'_, Result<Block, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn finalized(&self) -> Pending<'_, Result<Block, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn block(&self, _: u64) -> Pending<'_, Result<Option<Block>, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn revealed(&self, _: Block, _: u16) -> Pending<'_, Result<Vec<Revealed>, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn neurons(&self, _: Block, _: u16) -> Pending<'_, Result<Vec<Neuron>, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn lock(&self, _: Block, _: Account, _: u16) -> Pending<'_, Result<u64, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn weights(
        &self,
        _: Block,
        _: u16,
        _: u16,
    ) -> Pending<'_, Result<Vec<(u16, u16)>, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn commit<'a>(
        &'a self,
        _: &'a Keypair,
        _: u16,
        _: &'a [u8],
        _: u64,
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn set_weights<'a>(
        &'a self,
        _: &'a Keypair,
        _: u16,
        _: &'a [(u16, f64)],
    ) -> Pending<'a, Result<Receipt, ChainError>> {
        unreachable!("no chain is asked")
    }

    fn next_block(&self, _: u64) -> Pending<'_, Result<Block, ChainError>> {
        unreachable!("no chain is asked")
    }
}
