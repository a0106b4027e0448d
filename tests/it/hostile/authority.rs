//! A certificate authority that nobody trusts but who is told to, and servers with what it has signed.

use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::danger::ClientCertVerifier,
};

pub struct Authority {
    pub issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Vouches for a new key.
    pub fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }
}

/// A certificate and its key.
pub struct Identity {
    pub certificate: Certificate,
    pub key: KeyPair,
}

impl Identity {
    /// A server that shows this certificate, and asks its clients for what `clients` wants.
    pub fn server(&self, clients: Arc<dyn ClientCertVerifier>) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.serialize_pem().as_bytes()).unwrap();
        let chain = vec![self.certificate.der().clone()];
        Arc::new(builder.with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap())
    }
}
