//! The names and secrets of the reference target. Everybody knows them and they protect nothing: a target file may
//! name them in plain text, for loopback addresses alone.

pub const REGION: &str = "us-east-1";
pub const ACCOUNT: &str = "123456789012";
pub const ACCESS_KEY: &str = "AKIDPROOFMARKREFERENCE";
pub const SECRET_KEY: &str = "proofmark-reference-secret-key";

/// An endpoint DMS may not touch, and one whose connection is always in use; both are connected with [`SEED_INSTANCE`].
pub const DENIED_ENDPOINT: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:PROOFMARKDENIED";
pub const BUSY_ENDPOINT: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:PROOFMARKBUSY";
pub const SEED_INSTANCE: &str = "arn:aws:dms:us-east-1:123456789012:rep:PROOFMARKSEED";

pub const USERNAME: &str = "proofmark";
pub const PASSWORD: &str = "proofmark-reference-password";
/// An access token whose time was over before there was time.
pub const EXPIRED_TOKEN: &str = "proofmark-expired-token";

/// The one region and the one account that Amazon connections can be added for.
pub const REGION_ID: &str = "9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01";
pub const ACCOUNT_ID: &str = "3d2a4a60-7a43-4a92-9a57-6f1f0f3c2b02";
