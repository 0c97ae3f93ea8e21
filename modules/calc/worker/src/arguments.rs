//! The arguments of a call, from the texts of its frame; long ones are read by two threads.

use crate::value::Value;
use serde::Deserialize;
use serde_json::json;
use std::thread;

/// Bytes from which on a second thread is worth its start.
const LONG: usize = 256 << 10;

/// What a call is, beside its arguments.
#[derive(Deserialize)]
pub(crate) struct CallHeader {
    pub(crate) version: String,
    pub(crate) function: String,
    /// Name and length in bytes of each argument's JSON, in their order.
    args: Vec<(String, usize)>,
    /// Bytes of the arguments in the memory shared with the engine; absent where they follow in the frame.
    #[serde(default)]
    pub(crate) shared: Option<usize>,
    /// Absent where it follows in a frame of its own, because it is being made of the arguments meanwhile.
    pub(crate) seed: Option<i32>,
    /// R code of the script to evaluate instead of calling the function.
    #[serde(default)]
    pub(crate) example: Option<String>,
}

/// Names and values.
pub(crate) type Arguments<'a> = Vec<(&'a str, Value)>;

/// Why an argument cannot be read, as the engine gets it.
pub(crate) type Refused = serde_json::Value;

type Read<'a> = Result<(&'a str, Value), Refused>;

impl CallHeader {
    /// Reads the arguments, which stand in the body one after the other.
    pub(crate) fn read<'a>(&'a self, body: &[u8]) -> Result<Arguments<'a>, Refused> {
        let mut rest = body;
        let mut texts = Vec::with_capacity(self.args.len());
        for (name, length) in &self.args {
            let Some((text, after)) = rest.split_at_checked(*length) else {
                return Err(
                    json!({ "kind": "argument", "argument": name, "message": "the arguments are cut short" }),
                );
            };
            texts.push((name.as_str(), text));
            rest = after;
        }
        if texts.len() < 2 || body.len() < LONG {
            return texts.iter().map(read).collect();
        }
        by_two(&texts)
    }
}

/// Every other one is read by a thread of its own, unless none can be had.
fn by_two<'a>(texts: &[(&'a str, &[u8])]) -> Result<Arguments<'a>, Refused> {
    let every_other =
        |from: usize| -> Vec<Read<'a>> { texts.iter().skip(from).step_by(2).map(read).collect() };
    let (even, odd) = thread::scope(|scope| {
        let beside = thread::Builder::new().spawn_scoped(scope, || every_other(1));
        let even = every_other(0);
        let odd = beside.ok().and_then(|beside| beside.join().ok());
        (even, odd.unwrap_or_else(|| every_other(1)))
    });
    let mut odd = odd.into_iter();
    let mut all = Arguments::with_capacity(texts.len());
    for one in even {
        all.push(one?);
        if let Some(one) = odd.next() {
            all.push(one?);
        }
    }
    Ok(all)
}

fn read<'a>((name, text): &(&'a str, &[u8])) -> Read<'a> {
    let value = Value::read(text).map_err(
        |error| json!({ "kind": "argument", "argument": name, "message": error.to_string() }),
    )?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(args: &[(&str, usize)]) -> CallHeader {
        serde_json::from_value(json!({ "version": "v", "function": "f", "args": args, "seed": 1 }))
            .unwrap()
    }

    #[test]
    fn long_arguments_keep_their_order_and_the_first_that_is_wrong_is_told() {
        let numbers = |from: u32| (from..from + 60_000).map(f64::from).collect::<Vec<_>>();
        let texts: Vec<String> = (0..5)
            .map(|from| json!(numbers(from)).to_string())
            .collect();
        let names = ["a", "b", "c", "d", "e"];
        let sizes: Vec<_> = names
            .into_iter()
            .zip(texts.iter().map(String::len))
            .collect();
        let body = texts.concat();
        assert!(body.len() > LONG);
        let header = header(&sizes);
        let read = header.read(body.as_bytes()).unwrap();
        for (from, (name, value)) in (0..).zip(&read) {
            assert_eq!(
                (*name, value),
                (names[from as usize], &Value::Numbers(numbers(from)))
            );
        }
        let broken = body.replacen("60001", "6x001", 1);
        let refused = header.read(broken.as_bytes()).unwrap_err();
        assert_eq!(refused["argument"], "c", "{refused}");
        let refused = header.read(&body.as_bytes()[..body.len() - 1]).unwrap_err();
        assert_eq!(refused["argument"], "e", "{refused}");
    }
}
