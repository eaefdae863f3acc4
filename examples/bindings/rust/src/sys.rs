// SPDX-License-Identifier: MIT
//! The C interface, as build.rs writes it from weir_api.json. All safe use is one level up.
#![allow(non_camel_case_types, missing_docs)]

use std::os::raw::{c_char, c_int, c_void};

use crate::config::{Number, Text};

include!(concat!(env!("OUT_DIR"), "/sys.rs"));
