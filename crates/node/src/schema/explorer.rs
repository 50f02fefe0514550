//! Finds the schema of a type by reading values of it from nothing.
//!
//! [`Reader`] is a deserializer without input. It is told which type is wanted, notes that, and hands out a 1. An enum is
//! read again and again, each time as its next variant, until there is none left that was not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// How deep types are nested at most. A type that contains itself is deeper than any.
const DEPTH_MAX: usize = 64;
/// How often a type is read at most until all its variants have been.
const READINGS_MAX: usize = 10_000;

/// What is known of a type so far.
#[derive(Default)]
pub(super) struct Explorer {
    /// What named structs hold. Types that share a name have a text each.
    structs: BTreeMap<&'static str, BTreeSet<String>>,
    /// What enums hold, by their names and those of their variants.
    enums: BTreeMap<(&'static str, &'static [&'static str]), Variants>,
    depth: usize,
}

/// What is known of an enum so far.
struct Variants {
    /// How often it was read.
    readings: usize,
    /// What its variants hold; `None` if one was not read yet.
    contents: Vec<Option<String>>,
}

/// Reads one value, and notes its type.
struct Reader<'a> {
    explorer: &'a mut Explorer,
    seen: &'a mut String,
}

/// Reads so many values, and notes their types.
struct Elements<'a> {
    explorer: &'a mut Explorer,
    left: usize,
    seen: Vec<String>,
}

/// Reads a variant of an enum, and notes what it holds.
struct Variant<'a> {
    explorer: &'a mut Explorer,
    index: u32,
    seen: &'a mut String,
}

/// Why a type cannot be read.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Explorer {
    /// The type in words, and every named type in it with what it holds.
    ///
    /// # Errors
    /// In words, if it cannot be read so.
    pub(super) fn explore<T: Deserialize<'static>>() -> Result<(String, Vec<String>), String> {
        let mut explorer = Explorer::default();
        for _ in 0..READINGS_MAX {
            let (_, root) = explorer
                .read(|reader| T::deserialize(reader))
                .map_err(|refused| refused.0)?;
            if explorer.is_done() {
                return Ok((root, explorer.types()));
            }
        }
        Err(format!(
            "{READINGS_MAX} readings do not reach all its variants"
        ))
    }

    fn is_done(&self) -> bool {
        let mut contents = self.enums.values().flat_map(|known| &known.contents);
        contents.all(Option::is_some)
    }

    fn types(&self) -> Vec<String> {
        let structs = self.structs.iter().flat_map(|(name, texts)| {
            let named = move |text: &String| (*name, format!("{name}{text}"));
            texts.iter().map(named)
        });
        let enums = self.enums.iter().map(|((name, variants), known)| {
            let held = known.contents.iter().map(Option::as_deref);
            let named = variants.iter().zip(held);
            let all: Vec<String> = named
                .map(|(variant, held)| format!("{variant}{}", held.unwrap_or_default()))
                .collect();
            (*name, format!("{name} = {}", all.join(" | ")))
        });
        let sorted: BTreeSet<(&str, String)> = structs.chain(enums).collect();
        sorted.into_iter().map(|(_, text)| text).collect()
    }

    /// Reads one value; with it, its type.
    fn read<T>(
        &mut self,
        read: impl FnOnce(Reader<'_>) -> Result<T, Refused>,
    ) -> Result<(T, String), Refused> {
        if self.depth == DEPTH_MAX {
            return Err(Refused("it contains itself".to_owned()));
        }
        self.depth += 1;
        let mut seen = String::new();
        let value = read(Reader {
            explorer: self,
            seen: &mut seen,
        })?;
        self.depth -= 1;
        Ok((value, seen))
    }

    /// Reads so many values; with them, their types.
    fn read_all<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Elements<'_>) -> Result<T, Refused>,
    ) -> Result<(T, Vec<String>), Refused> {
        let mut elements = Elements {
            explorer: self,
            left: count,
            seen: Vec::new(),
        };
        let value = read(&mut elements)?;
        Ok((value, elements.seen))
    }

    fn read_fields<V: Visitor<'static>>(
        &mut self,
        fields: &[&str],
        visitor: V,
    ) -> Result<(V::Value, String), Refused> {
        let (value, seen) = self.read_all(fields.len(), |elements| visitor.visit_seq(elements))?;
        let named = fields.iter().zip(seen);
        let all: Vec<String> = named
            .map(|(field, seen)| format!("{field}: {seen}"))
            .collect();
        Ok((value, format!(" {{ {} }}", all.join(", "))))
    }

    fn read_tuple<V: Visitor<'static>>(
        &mut self,
        count: usize,
        visitor: V,
    ) -> Result<(V::Value, String), Refused> {
        let (value, seen) = self.read_all(count, |elements| visitor.visit_seq(elements))?;
        let is_array = seen.len() > 2 && seen.iter().all(|one| *one == seen[0]);
        let text = if is_array {
            format!("{}[{count}]", seen[0])
        } else {
            format!("({})", seen.join(", "))
        };
        Ok((value, text))
    }

    fn note_struct(&mut self, name: &'static str, held: String) {
        self.structs.entry(name).or_default().insert(held);
    }
}

/// Reads primitive types: for each its name, and the value that is handed out.
macro_rules! primitives {
    ($($deserialize:ident $visit:ident $name:literal $value:expr;)*) => {
        $(fn $deserialize<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.seen.push_str($name);
            visitor.$visit($value)
        })*
    };
}

/// Refuses to read what does not say of which type it is to be.
macro_rules! refused {
    ($($deserialize:ident)*) => {
        $(fn $deserialize<V: Visitor<'static>>(self, _: V) -> Result<V::Value, Refused> {
            Err(Refused("it can only be read by looking at the input".to_owned()))
        })*
    };
}

impl Deserializer<'static> for Reader<'_> {
    type Error = Refused;

    primitives! {
        deserialize_bool visit_bool "bool" true;
        deserialize_i8 visit_i8 "i8" 1;
        deserialize_i16 visit_i16 "i16" 1;
        deserialize_i32 visit_i32 "i32" 1;
        deserialize_i64 visit_i64 "i64" 1;
        deserialize_i128 visit_i128 "i128" 1;
        deserialize_u8 visit_u8 "u8" 1;
        deserialize_u16 visit_u16 "u16" 1;
        deserialize_u32 visit_u32 "u32" 1;
        deserialize_u64 visit_u64 "u64" 1;
        deserialize_u128 visit_u128 "u128" 1;
        deserialize_f32 visit_f32 "f32" 1.0;
        deserialize_f64 visit_f64 "f64" 1.0;
        deserialize_char visit_char "char" '1';
        deserialize_str visit_borrowed_str "string" "1";
        deserialize_string visit_borrowed_str "string" "1";
        deserialize_bytes visit_borrowed_bytes "bytes" b"1";
        deserialize_byte_buf visit_borrowed_bytes "bytes" b"1";
    }

    refused! { deserialize_any deserialize_identifier deserialize_ignored_any }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_unit<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.seen.push_str("()");
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Refused> {
        let (value, seen) = self.explorer.read(|inner| visitor.visit_some(inner))?;
        self.seen.push_str(&format!("option {seen}"));
        Ok(value)
    }

    fn deserialize_seq<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Refused> {
        let read = |elements: &mut Elements<'_>| visitor.visit_seq(elements);
        let (value, seen) = self.explorer.read_all(1, read)?;
        self.seen.push_str(&format!("list {}", seen.concat()));
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Refused> {
        let read = |elements: &mut Elements<'_>| visitor.visit_map(elements);
        let (value, seen) = self.explorer.read_all(2, read)?;
        self.seen.push_str(&format!("map {}", seen.join(" to ")));
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'static>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let (value, text) = self.explorer.read_tuple(count, visitor)?;
        self.seen.push_str(&text);
        Ok(value)
    }

    fn deserialize_unit_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.seen.push_str(name);
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.seen.push_str(name);
        let read = |inner: Reader<'_>| visitor.visit_newtype_struct(inner);
        let (value, seen) = self.explorer.read(read)?;
        self.explorer.note_struct(name, format!("({seen})"));
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.seen.push_str(name);
        let (value, text) = self.explorer.read_tuple(count, visitor)?;
        self.explorer.note_struct(name, text);
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.seen.push_str(name);
        let (value, text) = self.explorer.read_fields(fields, visitor)?;
        self.explorer.note_struct(name, text);
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.seen.push_str(name);
        let fresh = || Variants {
            readings: 0,
            contents: vec![None; variants.len()],
        };
        let id = (name, variants);
        let known = self.explorer.enums.entry(id).or_insert_with(fresh);
        // In turn, also when all have been read: there may be other enums below them.
        let turn = known.readings % variants.len().max(1);
        known.readings += 1;
        let index = u32::try_from(turn).map_err(|error| Refused(error.to_string()))?;
        let (value, held) = self.explorer.read(|inner| {
            visitor.visit_enum(Variant {
                explorer: inner.explorer,
                index,
                seen: inner.seen,
            })
        })?;
        if let Some(known) = self.explorer.enums.get_mut(&id)
            && let Some(content) = known.contents.get_mut(turn)
        {
            *content = Some(held);
        }
        Ok(value)
    }
}

impl Elements<'_> {
    fn next<T: DeserializeSeed<'static>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let (value, seen) = self.explorer.read(|reader| seed.deserialize(reader))?;
        self.seen.push(seen);
        Ok(Some(value))
    }
}

impl SeqAccess<'static> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'static>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        self.next(seed)
    }
}

impl MapAccess<'static> for Elements<'_> {
    type Error = Refused;

    fn next_key_seed<T: DeserializeSeed<'static>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        self.next(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'static>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, Refused> {
        self.next(seed)?
            .ok_or_else(|| Refused("a key without a value is asked for".to_owned()))
    }
}

impl<'a> EnumAccess<'static> for Variant<'a> {
    type Error = Refused;
    type Variant = Variant<'a>;

    fn variant_seed<T: DeserializeSeed<'static>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Variant<'a>), Refused> {
        let variant = seed.deserialize(self.index.into_deserializer())?;
        Ok((variant, self))
    }
}

impl VariantAccess<'static> for Variant<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'static>>(
        self,
        seed: T,
    ) -> Result<T::Value, Refused> {
        let (value, seen) = self.explorer.read(|reader| seed.deserialize(reader))?;
        self.seen.push_str(&format!("({seen})"));
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'static>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let (value, text) = self.explorer.read_tuple(count, visitor)?;
        self.seen.push_str(&text);
        Ok(value)
    }

    fn struct_variant<V: Visitor<'static>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let (value, text) = self.explorer.read_fields(fields, visitor)?;
        self.seen.push_str(&text);
        Ok(value)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(problem: T) -> Refused {
        Refused(problem.to_string())
    }
}
