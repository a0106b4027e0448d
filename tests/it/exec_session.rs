//! Sessions against small servers on loopback: what goes over the wire, how identities are kept, and that everything
//! made is destroyed.

mod bugs;
mod ends;
mod life;
mod server;
mod stage;
mod tokens;
mod wire;
mod witnesses;

use super::hostile::authority;
