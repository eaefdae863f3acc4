// SPDX-License-Identifier: MIT
//! The policy of a context.

use std::fs::File;
use std::io::Read;
use std::mem::{size_of, MaybeUninit};
use std::os::raw::{c_char, c_int};
use std::sync::Arc;

use crate::status::{Result, Status};
use crate::sys;

/// An option that is a number: see the module `option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub(crate) c_int);

/// An option that is a text: see the module `option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(pub(crate) c_int);

/// The policy of a context, from secure and finite defaults.
///
/// ```
/// use weir::{option, Config};
/// let config = Config::new()
///     .set(option::MAX_MESSAGE_BYTES, 65536)?
///     .set_text(option::PATHS, "/a")?;
/// assert_eq!(config.get(option::MAX_MESSAGE_BYTES), Ok(65536));
/// # Ok::<(), weir::Error>(())
/// ```
#[derive(Clone)]
pub struct Config {
    raw: sys::weir_config, // its texts are NULL: they are set for the call that copies them
    texts: Vec<(Text, Vec<u8>)>,
    entropy: Option<Arc<File>>, // where each context draws its seed
}

// SAFETY: what its pointers would point to is set for one call only; until then they are NULL or
// constant.
unsafe impl Send for Config {}
unsafe impl Sync for Config {}

impl Config {
    /// The defaults. Clients need `seed` or `seed_from_system` as well.
    pub fn new() -> Config {
        Config::made(sys::weir_config_init)
    }

    /// The profile for devices: a few KiB for each connection.
    pub fn tiny() -> Config {
        Config::made(sys::weir_config_init_tiny)
    }

    fn made(init: unsafe extern "C" fn(*mut sys::weir_config, usize) -> c_int) -> Config {
        // SAFETY: a pure function.
        let version = unsafe { sys::weir_version() } >> 8; // without the patch
        let compiled = (sys::WEIR_VERSION_MAJOR << 8 | sys::WEIR_VERSION_MINOR) as u32;
        assert_eq!(version, compiled, "the library is not of the version of weir_api.json");
        let mut raw = MaybeUninit::<sys::weir_config>::uninit();
        // SAFETY: on success all of it was written.
        let status = unsafe { init(raw.as_mut_ptr(), size_of::<sys::weir_config>()) };
        assert_eq!(status, sys::WEIR_OK, "the library is another than was compiled for");
        // SAFETY: as said.
        Config { raw: unsafe { raw.assume_init() }, texts: Vec::new(), entropy: None }
    }

    /// Set a number; `sys::WEIR_NONE` where a limit or time is not wanted. Its range is checked by
    /// `Context::new`.
    pub fn set(mut self, option: Number, value: u64) -> Result<Config> {
        // SAFETY: the config is initialised.
        Status::check(unsafe { sys::weir_config_set(&mut self.raw, option.0, value) })?;
        Ok(self)
    }

    /// Set a text; the members of a list are separated by spaces.
    pub fn set_text(mut self, option: Text, value: impl Into<Vec<u8>>) -> Result<Config> {
        let value = value.into();
        let mut trial = self.raw;
        set_text(&mut trial, option, &value)?;
        self.texts.push((option, value));
        Ok(self)
    }

    /// Entropy: fresh bytes for each context. Two that are made with the same ones mask alike,
    /// which RFC 6455 10.3 forbids.
    pub fn seed(self, seed: [u8; 32]) -> Config {
        self.set_text(sys::option::SEED, seed).expect("32 bytes")
    }

    /// Entropy of the system, drawn anew by each context.
    #[cfg(unix)]
    pub fn seed_from_system(mut self) -> std::io::Result<Config> {
        self.entropy = Some(Arc::new(File::open("/dev/urandom")?));
        Ok(self)
    }

    /// A number as it stands.
    pub fn get(&self, option: Number) -> Result<u64> {
        let mut value = 0;
        // SAFETY: the config is initialised.
        Status::check(unsafe { sys::weir_config_get(&self.raw, option.0, &mut value) })?;
        Ok(value)
    }

    /// The C struct, which borrows the texts.
    pub(crate) fn with_raw<T>(&self, use_it: impl FnOnce(&sys::weir_config) -> T) -> Result<T> {
        let mut raw = self.raw;
        for (option, value) in &self.texts {
            set_text(&mut raw, *option, value)?;
        }
        let mut seed = [0; 32];
        if let Some(mut entropy) = self.entropy.as_deref() {
            entropy.read_exact(&mut seed).map_err(|_| Status::from_raw(sys::WEIR_E_ENTROPY))?;
            set_text(&mut raw, sys::option::SEED, &seed)?;
        }
        Ok(use_it(&raw))
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

fn set_text(raw: &mut sys::weir_config, option: Text, value: &[u8]) -> Result<()> {
    let text = value.as_ptr() as *const c_char;
    // SAFETY: initialised; the text is read, and what is kept of it does not outlive value.
    Status::check(unsafe { sys::weir_config_set_text(raw, option.0, text, value.len()) })?;
    Ok(())
}
