//! One line for each request: what it says, and whether it may go out.
