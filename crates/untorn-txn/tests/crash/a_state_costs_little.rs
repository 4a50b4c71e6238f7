//! What millions of states stand on: each is made, recovered, compared, opened again and dropped within microseconds.

use untorn_crash::{Count, DISKS, Depth, Workload, World, cpu_time, explore};

/// In processor time of one core.
const STATES_A_SECOND_MIN: f64 = 20_000.0;

/// By the clock on the wall, where the system tells no processor time: others may compute meanwhile.
const STATES_A_SECOND_BY_THE_WALL_MIN: f64 = 1_000.0;

#[test]
fn twenty_thousand_of_them_take_a_second_of_one_core() {
    let ops: [&[&str]; 3] = [&["write-a", "remove-b", "head-2"], &["replace-x", "move-a-dz"], &["mkdir-gh", "exec-a", "link-s"]];
    let (mut count, start) = (Count::default(), cpu_time());
    for disk in DISKS {
        for ops in ops {
            let workload = Workload::new(World { disk, ..World::strict() }, ops);
            count.add(explore(&workload, &Depth::of(9, 128, 32)).unwrap());
        }
    }
    let seconds = (cpu_time() - start).as_secs_f64();
    let speed = count.states as f64 / seconds;
    println!("{} states in {seconds:.2} s of one core: {speed:.0} a second", count.states);
    assert!(count.states > 20_000, "{count:?}");
    let least = if cfg!(unix) { STATES_A_SECOND_MIN } else { STATES_A_SECOND_BY_THE_WALL_MIN };
    assert!(speed >= least, "{speed:.0} states a second");
}
