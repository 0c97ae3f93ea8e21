//! The rules of a contract: each says in words how a change breaks who reads the message.

use std::fmt;

/// One broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The field, such as `outcome.ok.warnings[]`; `(message)` for the whole.
    pub field: String,
    /// What is broken.
    pub rule: Rule,
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}: {}",
            self.field,
            self.rule,
            self.rule.hurts()
        )
    }
}

/// What must not happen to the shape of a version that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A field is gone.
    FieldRemoved,
    /// A new field must be there.
    RequiredFieldAdded,
    /// A new field where readers refuse what they do not know.
    FieldAddedToClosed,
    /// A field that could be left out must be there.
    BecameRequired,
    /// A field that was always there can be left out.
    BecameOptional,
    /// Another type.
    TypeChanged(String, String),
    /// `null` was impossible and can now come.
    NullAllowed,
    /// `null` could come and is now refused.
    NullRefused,
    /// A further value of an enumeration.
    ValueAdded(String),
    /// A value of an enumeration is gone.
    ValueRemoved(String),
    /// An enumeration became any value.
    ValuesOpened,
    /// Any value became an enumeration.
    ValuesClosed,
    /// A further alternative shape.
    VariantAdded(String),
    /// An alternative shape is gone.
    VariantRemoved(String),
    /// A bound lets less pass: keyword, kept, made.
    Narrowed(String, String, String),
    /// A bound lets more pass: keyword, kept, made.
    Widened(String, String, String),
    /// A keyword differs, and nobody knows in which direction: keyword, kept, made.
    Changed(String, String, String),
    /// Fields that nobody named were allowed and are now refused.
    Closed,
    /// Fields that nobody named were refused and can now come.
    Opened,
}

const OLD_CODE: &str = "code that knows the kept shape cannot read what is written now";
const NEW_CODE: &str = "the new code cannot read messages that still wait in queues and outboxes";
const EITHER: &str = "neither old code and new messages nor new code and old messages fit";

impl Rule {
    /// Who can no longer read what.
    pub fn hurts(&self) -> &'static str {
        match self {
            Self::FieldRemoved => "who reads it no longer finds it",
            Self::RequiredFieldAdded
            | Self::BecameRequired
            | Self::NullRefused
            | Self::ValueRemoved(_)
            | Self::ValuesClosed
            | Self::VariantRemoved(_)
            | Self::Narrowed(..)
            | Self::Closed => NEW_CODE,
            Self::FieldAddedToClosed
            | Self::BecameOptional
            | Self::NullAllowed
            | Self::ValueAdded(_)
            | Self::ValuesOpened
            | Self::VariantAdded(_)
            | Self::Widened(..)
            | Self::Opened => OLD_CODE,
            Self::TypeChanged(..) | Self::Changed(..) => EITHER,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self {
            Self::FieldRemoved => "the field is gone",
            Self::RequiredFieldAdded => "a new field is required",
            Self::FieldAddedToClosed => "a field was added where unknown fields are refused",
            Self::BecameRequired => "the field became required",
            Self::BecameOptional => "the field can be left out now",
            Self::NullAllowed => "null was not possible and is now",
            Self::NullRefused => "null was possible and is not any more",
            Self::ValuesOpened => "the value was one of a list and can now be any",
            Self::ValuesClosed => "the value could be any and must now be one of a list",
            Self::Closed => "unknown fields are refused now",
            Self::Opened => "unknown fields were refused and can come now",
            Self::TypeChanged(kept, made) => {
                return write!(formatter, "the type was {kept} and is {made}");
            }
            Self::ValueAdded(value) => return write!(formatter, "the value {value} was added"),
            Self::ValueRemoved(value) => return write!(formatter, "the value {value} is gone"),
            Self::VariantAdded(name) => return write!(formatter, "the variant {name} was added"),
            Self::VariantRemoved(name) => return write!(formatter, "the variant {name} is gone"),
            Self::Narrowed(keyword, kept, made)
            | Self::Widened(keyword, kept, made)
            | Self::Changed(keyword, kept, made) => {
                return write!(formatter, "{keyword} was {kept} and is {made}");
            }
        };
        formatter.write_str(plain)
    }
}
