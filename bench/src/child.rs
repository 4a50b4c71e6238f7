//! One step of a run, in a process of its own, so that memory and caches belong to one contender.

use rustix::process::{Signal, set_parent_process_death_signal};

use crate::measure::measure;
use crate::task::{Phase, Task};

/// Does what `task` says. A run prints its sample as one line of JSON.
pub fn perform(task: &Task) -> anyhow::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let contender = task.contender.contender();
    match task.phase {
        Phase::Prepare => contender.prepare(&task.workload, &task.dir),
        Phase::Cut => contender.cut(&task.workload, &task.dir),
        Phase::Verify => contender.verify(&task.workload, &task.dir),
        Phase::Run => {
            let sample = measure(task.device.as_ref(), &task.dir, || contender.run(&task.workload, &task.dir))?;
            println!("{}", serde_json::to_string(&sample)?);
            Ok(())
        }
    }
}
