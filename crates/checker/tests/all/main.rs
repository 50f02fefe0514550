//! The checker against small models, stateright, and a naive second formulation of itself.

mod agreement;
mod cuts;
mod models;
mod refusals;
mod stateright_facts;
mod until;
