//! The checker against small models, stateright, and a naive second formulation of itself.

mod agreement;
mod cuts;
mod disk;
mod models;
mod paranoid;
mod reduced;
mod refusals;
mod simulate;
mod sizes;
mod stateright_facts;
mod stored;
mod until;
