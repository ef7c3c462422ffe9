#!/usr/bin/env python3
"""Compares what our validator says of modules with wasm-tools' and wabt's.

usage: agree.py FOLDER [--list]

FOLDER is what the programs agree and wabt_agree have written beside these files: for each, `NAME.agreed`, the number that it printed, and
the modules about which it differs. Prints them by the reasons that both sides give (wabt's by its wasm-validate); a difference whose
reason stands in KNOWN is explained, any other fails.
Ends with `N passed, N failed, N skipped`.  --list prints every difference.
"""
import collections
import concurrent.futures
import os
import re
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
    ('wabt', '^unsupported: reference types of the feature gc are not supported, in the code section$', '^valid$', RIGHT + 'the reference types are funcref and '
     'externref, section 5.3.3. wabt takes 0x6b in `ref.null`, a code of its own for references by index.'),
    ('wabt', '', '^it crashed', "An assertion of wabt's fails, or it takes more than a minute."),
]


CRASHED = 'it crashed, or takes more than a minute'
WABT = ['wasm-validate', '--ignore-custom-section-errors']


def verdict_of_wabt(file):
    """`valid`, or the first line that says where it is wrong, else what."""
    try:
        done = subprocess.run([*WABT, file], capture_output=True, text=True, errors='replace', timeout=60)
    except subprocess.TimeoutExpired:
        return CRASHED
    if done.returncode == 0:
        return 'valid'
    if done.returncode < 0:
        return CRASHED
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith('error: ')), lines[0] if lines else 'no text')


def shape(text):
    """Without what differs from module to module."""
    text = re.sub(r'^.*?\.wasm:', '', text)
    text = re.sub(r', in function \d+( \(".*"\))?', '', text)
    text = re.sub(r'(0x)?[0-9a-f]{6,}\b|0x[0-9a-f]+|\b\d+\b', 'N', text)
    return re.sub(r', byte N$', '', text).strip()


def table(folder, name, columns):
    with open(os.path.join(folder, name), encoding='utf-8', errors='replace', newline='\n') as file:
        return [line.rstrip('\n').split('\t', columns - 1) for line in file]


def report(tool, folder, differences, listed):
    """Prints (file, our verdict, the tool's) by their reasons; how many are explained, and how many are not."""
    explained = unexplained = 0
    groups = collections.defaultdict(list)
    for file, we, they in differences:
        groups[shape(we), shape(they)].append(file)
    for (we, they), files in sorted(groups.items(), key=lambda g: -len(g[1])):
        why = next((k[3] for k in KNOWN if k[0] == tool and re.search(k[1], we) and re.search(k[2], they)), None)
        explained, unexplained = (explained + len(files), unexplained) if why else (explained, unexplained + len(files))
        print(f'{"known" if why else "FAILED"} {tool}, {len(files)} modules, as {os.path.join(folder, files[0])}\n  we: {we}\n  it: {they}' + (f'\n  {why}' if why else ''))
        for file in files if listed else []:
            print(f'    {file}')
    return explained, unexplained


def main():
    arguments = sys.argv[1:]
    if not arguments or '--help' in arguments:
        sys.exit(__doc__) if not arguments else (print(__doc__), sys.exit(0))
    folder, listed = arguments[0], '--list' in arguments
    wasm_tools = table(folder, 'differences.tsv', 3)
    files = table(folder, 'wabt.tsv', 2)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        texts = pool.map(verdict_of_wabt, [os.path.join(folder, file) for file, _ in files], chunksize=16)
    wabt = [(file, ours, text) for (file, ours), text in zip(files, texts)]
    passed = failed = 0
    for tool, name, differences in ('wasm-tools', 'agree', wasm_tools), ('wabt', 'wabt_agree', wabt):
        with open(os.path.join(folder, name + '.agreed'), encoding='utf-8') as file:
            agreed = int(file.read())
        explained, unexplained = report(tool, folder, differences, listed)
        print(f'{tool}: {agreed + explained + unexplained} modules, the same verdict of {agreed}')
        passed, failed = passed + agreed + explained, failed + unexplained
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return failed > 0 or passed == 0


sys.exit(main())
