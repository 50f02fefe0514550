//! Deserializers without input: they note which type is wanted, and hand out a 1.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::explorer::{Explorer, Refused};

/// Reads one value, and notes its type.
pub(super) struct Reader<'a> {
    pub(super) explorer: &'a mut Explorer,
    pub(super) seen: &'a mut String,
}

/// Reads so many values, and notes their types.
pub(super) struct Elements<'a> {
    pub(super) explorer: &'a mut Explorer,
    pub(super) left: usize,
    pub(super) seen: Vec<String>,
}

/// Reads a variant of an enum, and notes what it holds.
pub(super) struct Variant<'a> {
    pub(super) explorer: &'a mut Explorer,
    pub(super) index: u32,
    pub(super) seen: &'a mut String,
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
        let turn = self.explorer.next_turn(name, variants);
        let index = u32::try_from(turn).map_err(|error| Refused(error.to_string()))?;
        let (value, held) = self.explorer.read(|inner| {
            visitor.visit_enum(Variant {
                explorer: inner.explorer,
                index,
                seen: inner.seen,
            })
        })?;
        self.explorer.note_variant(name, variants, turn, held);
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
