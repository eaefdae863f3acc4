// SPDX-License-Identifier: MIT
//! What calls return and why connections end.

use std::ffi::CStr;
use std::os::raw::c_int;
use std::{fmt, io};

use crate::sys;

/// A weir_status: why a call failed or a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(c_int);

/// What a failed call gives: nothing was changed by it.
pub type Error = Status;

pub type Result<T> = std::result::Result<T, Error>;

impl Status {
    pub const OK: Status = Status(sys::WEIR_OK);

    pub(crate) fn from_raw(number: c_int) -> Status {
        Status(number)
    }

    /// What a call returned, if it is no error.
    pub(crate) fn check(number: c_int) -> Result<c_int> {
        if number < 0 {
            Err(Status(number))
        } else {
            Ok(number)
        }
    }

    /// The number, one of `sys::WEIR_E_...`.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Its name, such as "WEIR_E_MEMORY".
    pub fn name(self) -> &'static str {
        // SAFETY: a constant NUL-terminated text of ASCII for any number.
        unsafe { CStr::from_ptr(sys::weir_status_name(self.0)) }.to_str().unwrap_or("")
    }

    /// What the peer is told when it ends a connection: a close code or HTTP status, 0 for nothing.
    pub fn wire(self) -> u32 {
        // SAFETY: a pure function.
        unsafe { sys::weir_status_wire(self.0) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: as in name.
        let text = unsafe { CStr::from_ptr(sys::weir_status_text(self.0)) };
        formatter.write_str(text.to_str().unwrap_or(""))
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl std::error::Error for Status {}

impl From<Status> for io::Error {
    fn from(status: Status) -> io::Error {
        let kind = match status.0 {
            sys::WEIR_E_MEMORY => io::ErrorKind::OutOfMemory,
            -199..=-100 => io::ErrorKind::InvalidInput,
            -399..=-300 => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, status)
    }
}
