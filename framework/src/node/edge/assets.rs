//! Static files: the shell and the micro-frontends, with the cache policy of the portal.
//!
//! `?version=` of the content itself and names that hold a hash never change and may be kept for ever; everything else is asked for again
//! and answered with 304 while it is the same. Files are opened beneath their folder, so that no path leads out of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use hyper::{HeaderMap, Response, StatusCode};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use sha2::{Digest, Sha256, Sha384};

use crate::node::body::Body;

/// Larger files are no part of a portal.
const FILE_BYTES: u64 = 32 * 1024 * 1024;
/// Earlier contents of a file that are still served to open tabs which know their version.
const EARLIER: usize = 3;
/// Quality of brotli: 5 takes some milliseconds a file and is within a few percent of what takes seconds.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 22;

/// Content of one file at one time.
#[derive(Debug)]
pub(crate) struct Asset {
    stamp: (SystemTime, u64),
    /// First twelve digits of its SHA-256.
    pub(crate) version: String,
    /// For the import map: `sha384-...`.
    pub(crate) integrity: String,
    kind: String,
    plain: Bytes,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

/// Files read so far.
#[derive(Debug, Default)]
pub(crate) struct Assets {
    read: RwLock<HashMap<PathBuf, Vec<Arc<Asset>>>>,
}

impl Assets {
    /// The file `path` beneath `root` as it is now.
    pub(crate) fn get(&self, root: &Path, path: &str) -> Option<Arc<Asset>> {
        let mut file = open_beneath(root, path)?;
        let about = file
            .metadata()
            .ok()
            .filter(|about| about.is_file() && about.len() <= FILE_BYTES)?;
        let stamp = (about.modified().ok()?, about.len());
        let key = root.join(path);
        let known = self
            .read
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .and_then(|all| all.first().cloned());
        if let Some(asset) = known.filter(|asset| asset.stamp == stamp) {
            return Some(asset);
        }
        let mut plain = Vec::with_capacity(usize::try_from(about.len()).ok()?);
        file.read_to_end(&mut plain).ok()?;
        let asset = Arc::new(Asset::new(path, stamp, plain));
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        let all = read.entry(key).or_default();
        all.retain(|earlier| earlier.version != asset.version);
        all.insert(0, Arc::clone(&asset));
        all.truncate(EARLIER);
        Some(asset)
    }

    /// The content with that version, when the file still has or recently had it.
    fn with_version(&self, root: &Path, path: &str, version: &str) -> Option<Arc<Asset>> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        read.get(&root.join(path))?
            .iter()
            .find(|asset| asset.version == version)
            .cloned()
    }

    /// Answers a request for a file; none when there is no such file.
    pub(crate) fn answer(
        &self,
        root: &Path,
        path: &str,
        query: Option<&str>,
        request: &HeaderMap,
    ) -> Option<Response<Body>> {
        let now = self.get(root, path)?;
        let asked = query.and_then(|query| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix("version="))
        });
        let asset = asked
            .and_then(|version| self.with_version(root, path, version))
            .unwrap_or(now);
        let name = path.rsplit('/').next().unwrap_or(path);
        let fixed = asked == Some(asset.version.as_str()) || is_hashed(name);
        Some(asset.answer(fixed, request))
    }
}

fn open_beneath(root: &Path, path: &str) -> Option<File> {
    let root = rustix::fs::open(
        root,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .ok()?;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    openat2(root, path, flags, Mode::empty(), inside)
        .ok()
        .map(File::from)
}

/// `chunk-4QHHIEFG.js` and the like: a name that holds a hash never gets another content.
fn is_hashed(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let Some((_, hash)) = stem.rsplit_once('-') else {
        return false;
    };
    let distinct = hash
        .bytes()
        .any(|byte| byte.is_ascii_digit() || byte == b'_')
        || hash.bytes().filter(u8::is_ascii_uppercase).count() >= 2;
    hash.len() >= 8
        && distinct
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Asset {
    fn new(path: &str, stamp: (SystemTime, u64), plain: Vec<u8>) -> Self {
        let version = hex::encode(Sha256::digest(&plain))[..12].to_owned();
        let integrity = format!("sha384-{}", STANDARD.encode(Sha384::digest(&plain)));
        let guess = mime_guess::from_path(path).first_or_octet_stream();
        let text = guess.type_() == "text"
            || ["javascript", "json", "svg"]
                .iter()
                .any(|part| guess.essence_str().contains(part));
        let kind = if text {
            format!("{}; charset=utf-8", guess.essence_str())
        } else {
            guess.essence_str().to_owned()
        };
        Self {
            stamp,
            version,
            integrity,
            kind,
            plain: plain.into(),
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.plain).ok()
    }

    fn is_compressible(&self) -> bool {
        self.kind.ends_with("utf-8") && self.plain.len() > 1024
    }

    fn encoded(&self, request: &HeaderMap) -> (&Bytes, Option<&'static str>) {
        let accepts = |name: &str| {
            request
                .get_all(ACCEPT_ENCODING)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .any(|list| accepts(list, name))
        };
        if self.is_compressible()
            && accepts("br")
            && let Some(bytes) = self.brotli.get_or_init(|| brotli(&self.plain))
        {
            return (bytes, Some("br"));
        }
        if self.is_compressible()
            && accepts("gzip")
            && let Some(bytes) = self.gzip.get_or_init(|| gzip(&self.plain))
        {
            return (bytes, Some("gzip"));
        }
        (&self.plain, None)
    }

    fn answer(&self, fixed: bool, request: &HeaderMap) -> Response<Body> {
        let (bytes, encoding) = self.encoded(request);
        let tag = format!(
            "\"{}{}\"",
            self.version,
            encoding.map(|name| format!("-{name}")).unwrap_or_default()
        );
        let same = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .any(|known| known.trim().trim_start_matches("W/") == tag);
        let mut response = Response::new(if same {
            Body::empty()
        } else {
            Body::from(bytes.clone())
        });
        if same {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        let mut set = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(
            CACHE_CONTROL,
            if fixed {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            },
        );
        set(ETAG, &tag);
        set(VARY, "accept-encoding");
        if !same {
            set(CONTENT_TYPE, &self.kind);
            if let Some(encoding) = encoding {
                set(CONTENT_ENCODING, encoding);
            }
        }
        response
    }
}

fn accepts(list: &str, name: &str) -> bool {
    list.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some(name)
            && !words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn brotli(plain: &[u8]) -> Option<Bytes> {
    let mut packed = Vec::new();
    let mut writer =
        brotli::CompressorWriter::new(&mut packed, 16 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(plain).ok()?;
    drop(writer);
    (packed.len() < plain.len()).then(|| packed.into())
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(plain).ok()?;
    writer
        .finish()
        .ok()
        .filter(|packed| packed.len() < plain.len())
        .map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(hyper::header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("ui");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(root.join("main.js"), "x").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        let assets = Assets::default();
        assert!(assets.get(&root, "main.js").is_some());
        for path in [
            "../secret",
            "/etc/passwd",
            "link",
            "main.js/../../secret",
            "",
            ".",
            "a\0b",
        ] {
            assert!(assets.get(&root, path).is_none(), "{path:?}");
        }
    }

    #[test]
    fn a_version_is_kept_for_ever_and_still_served_after_the_next_deployment() {
        let folder = tempfile::tempdir().unwrap();
        let (file, assets) = (folder.path().join("main.js"), Assets::default());
        std::fs::write(&file, "first").unwrap();
        let first = assets.get(folder.path(), "main.js").unwrap();
        std::fs::write(&file, "second one").unwrap();
        let query = format!("version={}", first.version);
        let old = assets
            .answer(folder.path(), "main.js", Some(&query), &HeaderMap::new())
            .unwrap();
        assert_eq!(old.headers()[ETAG], format!("\"{}\"", first.version));
        assert!(
            old.headers()[CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let unknown = assets
            .answer(
                folder.path(),
                "main.js",
                Some("version=other"),
                &HeaderMap::new(),
            )
            .unwrap();
        assert_eq!(unknown.headers()[CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn texts_are_compressed_and_what_is_known_is_not_sent_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.js"), "let a = 1;\n".repeat(500)).unwrap();
        let assets = Assets::default();
        let get = |request: &HeaderMap| {
            assets
                .answer(folder.path(), "main.js", None, request)
                .unwrap()
        };
        let packed = get(&headers(&[(ACCEPT_ENCODING, "gzip, deflate, br")]));
        assert_eq!(packed.headers()[CONTENT_ENCODING], "br");
        assert!(
            get(&headers(&[(ACCEPT_ENCODING, "br;q=0")]))
                .headers()
                .get(CONTENT_ENCODING)
                .is_none()
        );
        let mut again = headers(&[(ACCEPT_ENCODING, "br")]);
        again.insert(IF_NONE_MATCH, packed.headers()[ETAG].clone());
        assert_eq!(get(&again).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn names_with_a_hash_are_told_from_plain_ones() {
        for name in [
            "chunk-4QHHIEFG.js",
            "chunk-QWERTYUI.js",
            "chunk-a1b2c3d4.js",
            "chunk-D_q3x8Za.js",
        ] {
            assert!(is_hashed(name), "{name}");
        }
        for name in [
            "main.js",
            "import-map-overrides.js",
            "single-spa.min.js",
            "top-navigation.js",
            "index.html",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
