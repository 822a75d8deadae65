//! The whole state of B problems on one grid: histories, and lanes of work memory that members borrow in turn.
//!
//! A large grid has one lane and all threads work on it. Small grids have one lane per thread, and members run beside each
//! other. Jobs wait for a lane in a queue and never in a thread: a thread that waited inside the pool could be the one
//! that was to free it.

use std::collections::{TryReserveError, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use rayon::ThreadPool;

use crate::discretisation::Discretisation;
use crate::history::need_of;
use crate::lane::Lane;
use crate::member::Member;
use crate::meter::Meter;
use crate::report::Flag;
use crate::simd::Level;
use crate::weno5::WenoReal;

/// Points below which a grid is not worth the threads' meeting: about 30 microseconds of work per pass.
const SMALL: usize = 16_384;

/// Where and how to compute, and what to keep.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads.
    pub threads: usize,
    /// Instruction set.
    pub level: Level,
    /// Deepest Anderson acceleration.
    pub anderson_depth: usize,
    /// Whether G(M) is kept apart from M.
    pub keep_transported: bool,
}

/// Lanes, and the threads of each.
fn lanes<R>(d: &Discretisation<R>, members: usize, options: &Options) -> (usize, usize) {
    let one_line = d.axes.len() == 1;
    if one_line || d.points < SMALL { (members.min(options.threads).max(1), 1) } else { (1, options.threads.max(1)) }
}

/// What a workspace will hold, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Histories of one member.
    pub histories: usize,
    /// One history.
    pub history_bytes: usize,
    /// Work memory of all lanes.
    pub work_bytes: usize,
}

impl Need {
    /// What a workspace of these members will hold beside their own fields, which may be missing here.
    #[must_use]
    pub fn of<R: WenoReal>(members: &[Discretisation<R>], options: &Options) -> Self {
        let anderson = if options.anderson_depth > 0 { 2 * (options.anderson_depth + 1) } else { 0 };
        Self {
            histories: 2 + usize::from(options.keep_transported) + anderson,
            history_bytes: members.first().map_or(0, |d| (d.steps() + 1) * d.points * size_of::<R>()),
            work_bytes: need_of(|| make_lanes(members, options, &Arc::default())),
        }
    }
}

/// Asks for all memory at once and gives it back: what can never be there is refused before any of it is touched, and not by
/// the system in the midst of it.
fn reserve_all(need: &Need, members: usize) -> Result<(), TryReserveError> {
    let histories = members.saturating_mul(need.histories).saturating_mul(need.history_bytes);
    Vec::<u8>::new().try_reserve_exact(histories.saturating_add(need.work_bytes))
}

fn make_lanes<R: WenoReal>(
    members: &[Discretisation<R>],
    options: &Options,
    meter: &Arc<Meter>,
) -> Result<Vec<Lane<R>>, TryReserveError> {
    let all: Vec<&Discretisation<R>> = members.iter().collect();
    let (count, threads) = all.first().map_or((0, 1), |d| lanes(d, all.len(), options));
    (0..count).map(|_| Lane::new(&all, threads, options.level, meter)).collect()
}

type Job<R> = Box<dyn FnOnce(&mut Lane<R>) + Send>;

struct Lanes<R> {
    free: Vec<Lane<R>>,
    waiting: VecDeque<Job<R>>,
}

/// A workspace, shared between JavaScript's thread and the pool.
pub struct Workspace<R> {
    members: Vec<Mutex<Member<R>>>,
    lanes: Mutex<Lanes<R>>,
    pool: Arc<ThreadPool>,
    /// Stops sweeps.
    pub flag: Flag,
    /// Times the passes of all lanes. A job's passes are all there before its answer is.
    pub meter: Arc<Meter>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A job that panicked is an error of its own; what it left behind is numbers.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: WenoReal> Workspace<R> {
    /// Allocates everything.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(
        members: Vec<Discretisation<R>>,
        options: &Options,
        pool: Arc<ThreadPool>,
    ) -> Result<Self, TryReserveError> {
        reserve_all(&Need::of(&members, options), members.len())?;
        let meter = Arc::default();
        let free = make_lanes(&members, options, &meter)?;
        let made = members.into_iter().map(|d| Member::new(d, options)).collect::<Result<Vec<_>, _>>()?;
        let members = made.into_iter().map(Mutex::new).collect();
        let lanes = Mutex::new(Lanes { free, waiting: VecDeque::new() });
        Ok(Self { members, lanes, pool, flag: Flag::default(), meter })
    }

    /// The member of that number, for a look from JavaScript's thread; `None` where there is none or it is at work.
    pub fn member(&self, index: usize) -> Option<MutexGuard<'_, Member<R>>> {
        match self.members.get(index)?.try_lock() {
            Ok(member) => Some(member),
            Err(TryLockError::Poisoned(member)) => Some(member.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Members.
    #[must_use]
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// Runs `work` on a member as soon as a lane is free; `done` gets its result, or `None` where it panicked.
    pub fn submit<T: Send + 'static>(
        self: &Arc<Self>,
        index: usize,
        work: impl FnOnce(&mut Member<R>, &mut Lane<R>, &Flag) -> T + Send + 'static,
        done: impl FnOnce(Option<T>) + Send + 'static,
    ) {
        let workspace = Arc::clone(self);
        let job: Job<R> = Box::new(move |lane| {
            let result = workspace.members.get(index).and_then(|member| {
                let mut member = lock(member);
                catch_unwind(AssertUnwindSafe(|| work(&mut member, lane, &workspace.flag))).ok()
            });
            done(result);
        });
        let mut lanes = lock(&self.lanes);
        if let Some(lane) = lanes.free.pop() {
            drop(lanes);
            self.run(lane, job);
        } else {
            lanes.waiting.push_back(job);
        }
    }

    /// Runs a job in the pool, and then those that wait, until the lane is free.
    fn run(self: &Arc<Self>, mut lane: Lane<R>, job: Job<R>) {
        let workspace = Arc::clone(self);
        self.pool.spawn(move || {
            let mut next = Some(job);
            while let Some(job) = next {
                job(&mut lane);
                let mut lanes = lock(&workspace.lanes);
                next = lanes.waiting.pop_front();
                if next.is_none() {
                    lanes.free.push(lane);
                    return;
                }
            }
        });
    }
}
