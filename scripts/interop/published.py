"""The reference target's published identities (targets/reference.yaml). They protect nothing."""

REGION = "us-east-1"
ACCESS_KEY = "AKIDPROOFMARKREFERENCE"
SECRET_KEY = "proofmark-reference-secret-key"
SEEDED_INSTANCE = "arn:aws:dms:us-east-1:123456789012:rep:PROOFMARKSEED"
DENIED = "arn:aws:dms:us-east-1:123456789012:endpoint:PROOFMARKDENIED"
BUSY = "arn:aws:dms:us-east-1:123456789012:endpoint:PROOFMARKBUSY"

USERNAME = "proofmark"
PASSWORD = "proofmark-reference-password"
EXPIRED_TOKEN = "proofmark-expired-token"
REGION_ID = "9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01"
ACCOUNT_ID = "3d2a4a60-7a43-4a92-9a57-6f1f0f3c2b02"
