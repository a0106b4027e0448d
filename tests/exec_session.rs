//! Sessions against small servers on loopback: what goes over the wire, how identities are kept, and that everything
//! made is destroyed.

#[path = "hostile/authority.rs"]
mod authority;
#[path = "exec_session/bugs.rs"]
mod bugs;
#[path = "exec_session/life.rs"]
mod life;
#[path = "exec_session/server.rs"]
mod server;
#[path = "exec_session/stage.rs"]
mod stage;
#[path = "exec_session/tokens.rs"]
mod tokens;
#[path = "exec_session/wire.rs"]
mod wire;
