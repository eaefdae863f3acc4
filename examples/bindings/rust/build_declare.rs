// SPDX-License-Identifier: MIT
//! Rust declarations of what weir_api.json describes.

use std::fmt::Write;

use super::json::Json;

/// All of it, for the module `sys`.
pub fn declarations(api: &Json) -> String {
    assert_eq!(api.number("format"), 1, "weir_api.json has a format that is not known");
    let mut out = String::from(
        "#[cfg(not(target_pointer_width = \"64\"))]\n\
         compile_error!(\"weir_api.json holds layouts of 64-bit targets\");\n",
    );
    constants(api, &mut out);
    for handle in api.list("handles") {
        let name = handle.text("name");
        writeln!(out, "#[repr(C)] pub struct {name} {{ _opaque: [u8; 0] }}").unwrap();
    }
    for callback in api.list("callbacks") {
        let name = callback.text("name");
        let signature = signature(callback);
        writeln!(out, "pub type {name} = Option<unsafe extern \"C\" fn{signature}>;").unwrap();
    }
    for layout in api.list("structs") {
        structure(layout, &mut out);
    }
    out.push_str("extern \"C\" {\n");
    for function in api.list("functions") {
        let (name, signature) = (function.text("name"), signature(function));
        writeln!(out, "    pub fn {name}{signature};").unwrap();
    }
    out.push_str("}\n");
    options(api, &mut out);
    out
}

fn doc(of: &Json) -> String {
    match of.text("doc") {
        "" => String::new(),
        text => format!("#[doc = {text:?}]"),
    }
}

fn constants(api: &Json, out: &mut String) {
    for value in api.list("enums").iter().flat_map(|list| list.list("values")) {
        let (name, number) = (value.text("name"), value.number("value"));
        writeln!(out, "{} pub const {name}: c_int = {number};", doc(value)).unwrap();
    }
    for value in api.list("macros") {
        let (name, number) = (value.text("name"), value.number("value"));
        let kind = named(value.text("type"));
        writeln!(out, "{} pub const {name}: {kind} = {number};", doc(value)).unwrap();
    }
}

fn named(base: &str) -> &str {
    match base {
        "char" => "c_char",
        "int" => "c_int",
        "void" => "c_void",
        "size_t" => "usize",
        "uint8_t" => "u8",
        "uint16_t" => "u16",
        "uint32_t" => "u32",
        "uint64_t" => "u64",
        "int32_t" => "i32",
        other => other,
    }
}

fn type_of(shape: &Json) -> String {
    let base = named(shape.text("base"));
    let first = if shape.get("const").is_some() { "*const " } else { "*mut " };
    let pointed = match shape.number("pointers") {
        0 => base.to_string(),
        1 => format!("{first}{base}"),
        _ => format!("*mut {first}{base}"),
    };
    match shape.get("array") {
        Some(_) => format!("[{pointed}; {}]", shape.number("array")),
        None => pointed,
    }
}

fn signature(of: &Json) -> String {
    let params: Vec<String> = of
        .list("params")
        .iter()
        .map(|param| format!("{}: {}", word(param.text("name")), type_of(param)))
        .collect();
    let returns = type_of(of.get("returns").unwrap());
    let arrow = if returns == "c_void" { String::new() } else { format!(" -> {returns}") };
    format!("({}){arrow}", params.join(", "))
}

/// A name that Rust keeps for itself.
fn word(name: &str) -> String {
    if matches!(name, "type" | "in" | "final" | "ref") {
        format!("r#{name}")
    } else {
        name.into()
    }
}

fn structure(layout: &Json, out: &mut String) {
    let name = layout.text("name");
    let derive = "#[repr(C)] #[derive(Clone, Copy)]";
    writeln!(out, "{} {derive} pub struct {name} {{", doc(layout)).unwrap();
    for field in layout.list("fields") {
        let (field_name, kind) = (word(field.text("name")), type_of(field));
        writeln!(out, "    {} pub {field_name}: {kind},", doc(field)).unwrap();
    }
    let (size, align) = (layout.number("size"), layout.number("align"));
    writeln!(
        out,
        "}}\nconst _: () = assert!(std::mem::size_of::<{name}>() == {size}\n    \
                   && std::mem::align_of::<{name}>() == {align});"
    )
    .unwrap();
}

/// Options with the kind of their values, so that none can be given the other.
fn options(api: &Json, out: &mut String) {
    out.push_str("/// The options of a policy.\npub mod option {\n");
    out.push_str("    use super::{Number, Text};\n");
    for option in api.list("options") {
        let kind = if option.text("kind") == "number" { "Number" } else { "Text" };
        let (name, value) = (option.text("name").to_uppercase(), option.number("value"));
        writeln!(out, "    {} pub const {name}: {kind} = {kind}({value});", doc(option)).unwrap();
    }
    out.push_str("}\n");
}
