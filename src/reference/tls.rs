//! The certificate of a target that is reached over HTTPS: read from files, or made for this run.

use std::{path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use super::{StartError, Tls};

/// What a listener needs, and the authority a client has to trust, where it was made here.
pub(crate) struct Prepared {
    pub acceptor: TlsAcceptor,
    pub ca_pem: Option<String>,
}

pub(crate) fn prepare(tls: &Tls) -> Result<Prepared, StartError> {
    match tls {
        Tls::SelfSigned => self_signed(),
        Tls::Files { certificate, key } => {
            let chain = read_chain(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| StartError::Tls(format!("{}: {error}", key.display())))?;
            Ok(Prepared { acceptor: acceptor(chain, key)?, ca_pem: None })
        }
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let failed = |error| StartError::Tls(format!("{}: {error}", path.display()));
    let chain = CertificateDer::pem_file_iter(path)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    if chain.is_empty() {
        return Err(StartError::Tls(format!("{}: there is no certificate in it", path.display())));
    }
    Ok(chain)
}

/// An authority of its own, and by it a certificate for this machine; both live as long as the target.
fn self_signed() -> Result<Prepared, StartError> {
    let failed = |error: rcgen::Error| StartError::Tls(error.to_string());
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Proofmark reference target authority");
    let authority =
        CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(failed)?).map_err(failed)?;

    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, "Proofmark reference target");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, &authority).map_err(failed)?;
    let key =
        PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| StartError::Tls(error.to_owned()))?;
    Ok(Prepared { acceptor: acceptor(vec![certificate.der().clone()], key)?, ca_pem: Some(authority.pem()) })
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, StartError> {
    let failed = |error: rustls::Error| StartError::Tls(error.to_string());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
