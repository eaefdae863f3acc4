// SPDX-License-Identifier: MIT
//! Links libweir and writes its declarations from weir_api.json.
//!
//! WEIR_LIB   path of libweir.so, libweir.a or what else the linker takes; without it the build
//!            folder of this tree. The tests link what it names, with its folder as their rpath.
//! WEIR_API   path of weir_api.json; without it beside the library, or in ../share/weir from there.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build_declare.rs"]
mod declare;
#[path = "build_json.rs"]
mod json;

fn path_of(variable: &str) -> Option<PathBuf> {
    println!("cargo:rerun-if-env-changed={variable}");
    env::var_os(variable).map(PathBuf::from)
}

fn link(library: &Path, folder: &Path) {
    let stem = library.file_stem().unwrap().to_string_lossy();
    let name = stem.trim_start_matches("lib").split('.').next().unwrap();
    let is_static = library.extension().map_or(false, |extension| extension == "a");
    let kind = if is_static { "static" } else { "dylib" };
    println!("cargo:rustc-link-search=native={}", folder.display());
    println!("cargo:rustc-link-lib={kind}={name}");
    if !is_static && env::var_os("CARGO_CFG_UNIX").is_some() {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
    }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let library = path_of("WEIR_LIB").unwrap_or_else(|| root.join("build/libweir.so"));
    let library = fs::canonicalize(library.parent().unwrap())
        .unwrap_or_else(|error| panic!("no library at {} (WEIR_LIB): {error}", library.display()))
        .join(library.file_name().unwrap());
    let folder = library.parent().unwrap();
    link(&library, folder);

    let api = path_of("WEIR_API").unwrap_or_else(|| {
        let near = folder.join("weir_api.json");
        let shared = folder.join("../share/weir/weir_api.json");
        if near.exists() {
            near
        } else {
            shared
        }
    });
    println!("cargo:rerun-if-changed={}", api.display());
    println!("cargo:rerun-if-changed=build_declare.rs");
    println!("cargo:rerun-if-changed=build_json.rs");
    let text = fs::read_to_string(&api)
        .unwrap_or_else(|error| panic!("cannot read {} (WEIR_API): {error}", api.display()));
    let out = Path::new(&env::var_os("OUT_DIR").unwrap()).join("sys.rs");
    fs::write(out, declare::declarations(&json::parse(&text))).unwrap();
}
