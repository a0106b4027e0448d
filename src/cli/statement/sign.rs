//! Signatures of statements, in the form that the tool minisign writes and checks: Ed25519 over a hash of the file, and over
//! that signature with a comment that can be trusted as well. Made and checked without a network.

use std::{
    fs, io,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::Timestamp;
use minisign::{KeyPair, PublicKey, SecretKeyBox};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    model::target::SecretRef,
    redact::visible,
    workspace::{Error, files, secrets},
};

/// What the name of a signature ends with.
const SUFFIX: &str = ".minisig";
/// Anybody can change this line of a key or a signature.
const UNTRUSTED: &str = "proofmark";
/// The names of a pair of keys.
const SECRET_KEY: &str = "proofmark.key";
const PUBLIC_KEY: &str = "proofmark.pub";

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signature")]
pub struct SignArgs {
    /// Sign the statement into FILE.minisig, with a secret key of minisign: a file, or env:NAME
    #[arg(long, value_name = "KEY", requires = "output")]
    pub sign: Option<String>,
    /// The password of the key: env:NAME or file:PATH; without it the key has none
    #[arg(long, value_name = "PLACE", requires = "sign")]
    pub password: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// The folder to write proofmark.key and proofmark.pub to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The password for the key: env:NAME or file:PATH; without it the key has none
    #[arg(long, value_name = "PLACE")]
    pub password: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signature")]
pub struct CheckArgs {
    /// Refuse a statement that is not signed with this public key of minisign: the key itself, or its file
    #[arg(long, value_name = "KEY|FILE")]
    pub public_key: Option<String>,
    /// The signature [default: FILE.minisig]
    #[arg(long, value_name = "FILE", requires = "public_key")]
    pub signature: Option<PathBuf>,
}

/// What a signature says besides that it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Nobody without the key has written it.
    comment: String,
}

/// Where the signature of a statement is.
pub fn beside(statement: &Path) -> PathBuf {
    let mut path = statement.as_os_str().to_owned();
    path.push(SUFFIX);
    path.into()
}

/// The signature of `text`, which is to be written as `file` and is made of the run with this digest; none where none is
/// wanted.
pub fn signature(args: &SignArgs, text: &str, file: &Path, run: &str) -> Result<Option<String>, Error> {
    let Some(key) = &args.sign else { return Ok(None) };
    let of_key = |why: String| Error::Usage(format!("--sign {key}: {why}"));
    let place = match key.strip_prefix("env:") {
        Some(name) => SecretRef::Env(name.to_owned()),
        None => SecretRef::File(key.strip_prefix("file:").unwrap_or(key).into()),
    };
    let boxed = secrets::value(&place).map_err(of_key)?;
    let boxed = SecretKeyBox::from(boxed.expose_secret().to_owned());
    // Without a password the crate would ask for one at the terminal.
    let secret = match password(args.password.as_deref())? {
        Some(password) => boxed.into_secret_key(Some(password.expose_secret().to_owned())),
        None => boxed.into_unencrypted_secret_key(),
    };
    let secret = secret.map_err(|error| match error.to_string().as_str() {
        "Key might be encrypted" => {
            of_key("the key has a password; say where it is with --password env:NAME or file:PATH".into())
        }
        "Key is not encrypted" => of_key("the key has no password; leave --password out".into()),
        why => of_key(format!("no secret key of minisign: {why}")),
    })?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().map(|it| if it.is_control() { '_' } else { it }).collect();
    let comment = format!("timestamp:{}\tfile:{name}\thashed\trun:{run}", Timestamp::now().as_second());
    let public = PublicKey::from_secret_key(&secret).map_err(|error| of_key(error.to_string()))?;
    let signed = minisign::sign(Some(&public), &secret, text.as_bytes(), Some(&comment), Some(UNTRUSTED));
    Ok(Some(signed.map_err(|error| of_key(error.to_string()))?.into_string()))
}

/// What the signature of the statement in `file` says; none where no key is given to check it with. The inner error is
/// one sentence, and means that the statement is not to be believed.
pub fn checked(args: &CheckArgs, text: &str, file: &Path) -> Result<Result<Option<Signed>, String>, Error> {
    let Some(key) = &args.public_key else { return Ok(Ok(None)) };
    let key = public_key(key)?;
    let path = args.signature.clone().unwrap_or_else(|| beside(file));
    let signature = match files::text(&path, files::SECRET) {
        Ok(text) => text,
        // Whoever has changed the file may have taken its signature away.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Err(format!("there is no signature {}", path.display())));
        }
        Err(error) => return Err(Error::Usage(error.to_string())),
    };
    Ok(verified(text.as_bytes(), &signature, &key)
        .map(Some)
        .map_err(|why| format!("{}: {why}", path.display())))
}

fn verified(text: &[u8], signature: &str, key: &minisign_verify::PublicKey) -> Result<Signed, String> {
    use minisign_verify::{Error, Signature};
    let signature = Signature::decode(signature).map_err(|_| "no signature of minisign".to_owned())?;
    match key.verify(text, &signature, false) {
        Ok(()) => Ok(Signed { comment: signature.trusted_comment().to_owned() }),
        Err(Error::UnexpectedKeyId) => Err("made with another key".into()),
        Err(Error::UnexpectedAlgorithm) => Err("made by a minisign before 0.6; sign anew".into()),
        Err(_) => Err("the statement, its signature or the comment in it was changed".into()),
    }
}

/// A key as it stands in the second line of its file, or the name of that file.
fn public_key(key: &str) -> Result<minisign_verify::PublicKey, Error> {
    if let Ok(key) = minisign_verify::PublicKey::from_base64(key.trim()) {
        return Ok(key);
    }
    let text = files::text(Path::new(key), files::SECRET)
        .map_err(|error| Error::Usage(format!("--public-key: neither a key nor a file: {error}")))?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let found = lines.last().and_then(|line| minisign_verify::PublicKey::from_base64(line).ok());
    found.ok_or_else(|| Error::Usage(format!("--public-key {key}: no public key of minisign")))
}

/// From where it is said to be, and never from the command line, which others can read.
fn password(place: Option<&str>) -> Result<Option<SecretString>, Error> {
    let place = match place {
        None => return Ok(None),
        Some(place) => place,
    };
    let place = match (place.strip_prefix("env:"), place.strip_prefix("file:")) {
        (Some(name), _) => SecretRef::Env(name.to_owned()),
        (None, Some(path)) => SecretRef::File(path.into()),
        // What was given is not repeated: it may be the password.
        (None, None) => {
            return Err(Error::Usage(
                "--password takes env:NAME or file:PATH, and never the password itself".into(),
            ));
        }
    };
    secrets::value(&place).map(Some).map_err(|why| Error::Usage(format!("--password: {why}")))
}

impl Signed {
    /// The digest of the run that was signed for, where the comment names one.
    pub fn run(&self) -> Option<&str> {
        self.field("run:")
    }

    /// In words, on one line.
    pub fn message(&self) -> String {
        let time = self.field("timestamp:").and_then(|text| text.parse().ok());
        match (time.and_then(|time| Timestamp::from_second(time).ok()), self.field("file:")) {
            (Some(time), Some(file)) => visible(&format!("signed {time} as {file}")),
            _ => visible(&format!("signed: {}", self.comment)),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.comment.split('\t').find_map(|field| field.strip_prefix(name))
    }
}

/// Makes a pair of keys and says what to do with them. Fails where one is there already.
pub fn key(args: &KeyArgs, out: &mut impl io::Write) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Usage(format!("no key could be made: {error}"));
    let password = password(args.password.as_deref())?;
    let pair = match &password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.expose_secret().to_owned())),
        None => KeyPair::generate_unencrypted_keypair(),
    };
    let KeyPair { pk, sk } = pair.map_err(|error| failed(&error))?;
    let secret = SecretString::from(
        sk.to_box(Some("proofmark secret key")).map_err(|error| failed(&error))?.into_string(),
    );
    let public = pk.to_box().map_err(|error| failed(&error))?.into_string();
    fs::create_dir_all(&args.out).map_err(|error| {
        Error::Usage(files::io_error(&args.out, error.kind(), &error.to_string()).to_string())
    })?;
    let paths = [SECRET_KEY, PUBLIC_KEY].map(|name| args.out.join(name));
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        return Err(Error::Usage(format!("{} is there already; keys are never replaced", there.display())));
    }
    write_new(&paths[0], secret.expose_secret())?;
    write_new(&paths[1], &public)?;
    let [secret, public] = paths;
    let kept = if password.is_some() { "its password too" } else { "it has no password" };
    writeln!(out, "{}: keep it secret; {kept}", secret.display())?;
    writeln!(out, "{}: publish it; the key is {}", public.display(), pk.to_base64())?;
    out.flush()?;
    Ok(())
}

/// A file that was not there, and that on Unix only its owner reads.
fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the tool itself has published them with what checks its signatures.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1633700835\tfile:test\tprehashed\n\
        wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==\n";

    #[test]
    fn what_the_tool_has_signed_is_taken_and_nothing_else() {
        let key = public_key(KEY).unwrap();
        let signed = verified(b"test", SIGNATURE, &key).unwrap();
        assert_eq!(signed.message(), "signed 2021-10-08T13:47:15Z as test");
        assert_eq!(signed.run(), None);
        let lines: Vec<&str> = SIGNATURE.lines().collect();
        let table = [
            ("another file", b"Test".as_slice(), SIGNATURE.to_owned(), "was changed"),
            ("another comment", b"test", SIGNATURE.replace("file:test", "file:best"), "was changed"),
            ("another time", b"test", SIGNATURE.replace(":1633", ":1733"), "was changed"),
            ("another key", b"test", SIGNATURE.replace("RUQf6L", "RUQf6M"), "another key"),
            ("an old kind", b"test", SIGNATURE.replace("RUQf6L", "RWQf6L"), "before 0.6"),
            ("no comment", b"test", lines[..2].join("\n"), "no signature"),
            ("half a signature", b"test", SIGNATURE.replace("wLMDjy9F", ""), "no signature"),
            ("nothing", b"test", String::new(), "no signature"),
            ("no text", b"test", "\u{e9}\n\u{e9}\n\u{e9}\n\u{e9}".into(), "no signature"),
        ];
        for (what, text, signature, message) in table {
            let why = verified(text, &signature, &key).unwrap_err();
            assert!(why.contains(message), "{what}: {why}");
        }
    }

    #[test]
    fn a_password_is_never_taken_from_the_command_line_nor_repeated() {
        let Err(Error::Usage(why)) = password(Some("hunter2")) else { panic!("it was taken") };
        assert!(!why.contains("hunter2"), "{why}");
    }

    #[test]
    fn a_comment_of_the_key_s_owner_is_no_command() {
        let signed = Signed { comment: "\u{1b}[2J\u{202e}".into() };
        assert_eq!(signed.message(), "signed: \\x1b[2J\\u{202e}");
    }
}
