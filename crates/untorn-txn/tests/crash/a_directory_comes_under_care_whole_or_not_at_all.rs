//! The first opening, crashed, killed and failed everywhere, followed by a first transaction that is crashed in turn.
