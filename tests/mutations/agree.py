#!/usr/bin/env python3
"""Compares what our validator says of modules with wabt's wasm-validate and with wasm-tools validate.

usage: agree.py FOLDER [--wasm-tools PATH] [--list]

FOLDER is what `build/tests/mutations --write FOLDER` has written: inputs, and verdicts.tsv. Prints the modules about which a tool
differs, by the reasons that both sides give; a difference whose reason stands in KNOWN is explained, any other fails.
Ends with `N passed, N failed, N skipped`; a tool that is not there is skipped.  --list prints every difference.
"""
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

# Tool, our verdict, its verdict (regular expressions), and who is right. The sections are those of the specification 2.0.
RIGHT = 'We are right: '
KNOWN = [
    ('wabt', '^limit: too many locals', '^valid$', 'A limit of ours, see README.'),
    ('wasm-tools', '^limit: too many locals', '^valid$', 'A limit of ours, see README.'),
    ('wabt', 'in the custom section$', '^valid$', RIGHT + 'the name of a custom section is a name, section 5.5.3, and the section is malformed without one. wabt '
     'says so only where it does not ignore errors of custom sections; then it also refuses malformed "name" sections, which section 7.4.1 tells to ignore.'),
    ('wabt', '^malformed: unexpected end of section or function, in the code section$', '^valid$', RIGHT + 'an expression ends with its `end`, section 5.4.9, '
     'and a function body with its expression, section 5.5.13 (binary.wast).'),
    ('wabt', '^malformed: unexpected end of section or function, in the global section$', '^valid$', RIGHT + 'a constant expression ends inside its section, '
     'sections 5.4.9 and 5.5.9 (binary.wast).'),
    ('wabt', 'expected i32, found nothing, in the (data|element) section$', '^valid$', RIGHT + 'the offset of a segment has the type i32, sections 3.4.5 and '
     '3.4.6, and an empty expression has none (data.wast, elem.wast).'),
    ('wabt', '^malformed: data count and data section have inconsistent lengths$', '^valid$', RIGHT + 'the data count is that of the data section, section 5.5.16, '
     'which is empty where it is absent (binary.wast).'),
    ('wabt', 'expected funcref, found externref, in the code section$', '^valid$', RIGHT + 'call_indirect needs a table of funcref, section 3.3.8 (call_indirect.wast).'),
    ('wabt', '^valid$', 'section can not occur after Name section', RIGHT + 'a custom section may stand anywhere, section 5.5.2, and a "name" section in the wrong '
     'place is to be ignored, section 7.4.1.'),
    ('wabt', '^valid$', 'expected ref.null or ref.func in passive element segment', RIGHT + 'the items of an element segment are constant expressions, section 3.4.5, '
     'so they may be global.get (elem.wast).'),
]


def read_arguments():
    arguments = sys.argv[1:]
    if not arguments or '--help' in arguments:
        sys.exit(__doc__) if not arguments else (print(__doc__), sys.exit(0))
    tools = arguments[arguments.index('--wasm-tools') + 1] if '--wasm-tools' in arguments else 'wasm-tools'
    return arguments[0], tools, '--list' in arguments


def verdict(command, file):
    """`valid`, or the first line of what the tool says is wrong."""
    try:
        done = subprocess.run([*command, file], capture_output=True, text=True, errors='replace', timeout=60)
    except subprocess.TimeoutExpired:
        return 'it takes more than a minute'
    if done.returncode == 0:
        return 'valid'
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    if done.returncode < 0:
        return 'it crashed'
    return next((line for line in lines if not line.startswith(('error: func', 'error: failed'))), lines[0] if lines else 'no text')


def shape(text):
    """Without what differs from module to module."""
    text = re.sub(r'^.*?\.wasm:', '', text)
    text = re.sub(r', in function \d+( \(".*"\))?', '', text)
    text = re.sub(r'(0x)?[0-9a-f]{6,}\b|0x[0-9a-f]+|\b\d+\b', 'N', text)
    return re.sub(r', byte N$', '', text).strip()


def main():
    folder, wasm_tools, listed = read_arguments()
    with open(os.path.join(folder, 'verdicts.tsv'), encoding='utf-8', errors='replace') as file:
        ours = dict(line.rstrip('\n').split('\t', 1) for line in file)
    tools = {'wabt': ['wasm-validate', '--ignore-custom-section-errors'], 'wasm-tools': [wasm_tools, 'validate', '--features=wasm2']}
    passed = failed = skipped = 0
    for name, command in tools.items():
        if not shutil.which(command[0]):
            print(f'skipped: there is no {command[0]}: {len(ours)}')
            skipped += len(ours)
            continue
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            theirs = dict(zip(ours, pool.map(lambda file: verdict(command, os.path.join(folder, file)), ours)))
        groups = collections.defaultdict(list)
        for file, text in ours.items():
            if (text == 'valid') == (theirs[file] == 'valid'):
                passed += 1
            else:
                groups[shape(text), shape(theirs[file])].append(file)
        for (we, they), files in sorted(groups.items(), key=lambda g: -len(g[1])):
            why = next((k[3] for k in KNOWN if k[0] == name and re.search(k[1], we) and re.search(k[2], they)), None)
            passed, failed = (passed + len(files), failed) if why else (passed, failed + len(files))
            print(f'{"known" if why else "FAILED"} {name}, {len(files)} modules, as {files[0]}\n  we: {we}\n  it: {they}' + (f'\n  {why}' if why else ''))
            if not why:
                print(f'  again: {" ".join(command)} {os.path.join(folder, files[0])}')
            for file in files if listed else []:
                print(f'    {file}')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return failed > 0


sys.exit(main())
