//! The verdicts of wasm-tools' validator beside ours, on modules that `mutations --write /dev/stdout` writes.
//!
//! usage: agree FOLDER
//!
//! Reads from standard input: for each module a line `NAME<tab>SIZE<tab>VERDICT`, and its bytes. Writes into FOLDER the modules about
//! which the two differ, with `differences.tsv`. Prints how many agreed.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::panic;
use wasmparser::{Validator, WasmFeatures};

const CRASHED: &str = "it crashed";

fn verdict(module: &[u8]) -> String {
    match panic::catch_unwind(|| Validator::new_with_features(WasmFeatures::WASM2).validate_all(module)) {
        Ok(Ok(_)) => "valid".to_string(),
        Ok(Err(error)) => error.message().lines().next().unwrap_or("no text").to_string(),
        Err(_) => CRASHED.to_string(),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder] = arguments.as_slice() else { return Err("usage: agree FOLDER".into()) };
    let mut differences = BufWriter::new(File::create(format!("{folder}/differences.tsv"))?);
    let mut input = BufReader::with_capacity(1 << 20, io::stdin().lock());
    let (mut line, mut module, mut agreed) = (Vec::new(), Vec::new(), 0u64);
    panic::set_hook(Box::new(|_| {}));
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_string();
        let fields: Vec<&str> = text.splitn(3, '\t').collect();
        let [name, size, ours] = fields[..] else { return Err(format!("no module begins with {text}").into()) };
        module.resize(size.parse()?, 0);
        input.read_exact(&mut module)?;
        let theirs = verdict(&module);
        if (ours == "valid") == (theirs == "valid") && theirs != CRASHED {
            agreed += 1;
        } else {
            writeln!(differences, "{name}\t{ours}\t{theirs}")?;
            fs::write(format!("{folder}/{name}"), &module)?;
        }
        line.clear();
    }
    println!("{agreed}");
    Ok(())
}
