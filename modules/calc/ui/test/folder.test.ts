import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { folderOf, isPart, nameIn } from '../src/publish/folder';
import { base64, pack, unpack } from '../src/publish/tar';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('what is packed is what tar itself reads, and is read again', () => {
  const long = `data/${'folder-with-a-long-name/'.repeat(6)}${'x'.repeat(40)}.csv`;
  const files = [
    { path: 'R/größe.R', content: bytes('f <- function() 1\n') },
    { path: long, content: bytes('1,2\n'.repeat(300)) },
    { path: 'tests/empty.R', content: bytes('') },
  ];
  const tar = pack(files);
  const listed = execFileSync('tar', ['--list', '--quoting-style=literal', '--file=-'], { input: tar, env: { LC_ALL: 'C.UTF-8' } });
  assert.deepEqual(listed.toString().trim().split('\n'), ['R/größe.R', long, 'tests/empty.R']);
  const read = execFileSync('tar', ['--extract', '--to-stdout', '--file=-', long], { input: tar, env: { LC_ALL: 'C.UTF-8' } });
  assert.equal(read.toString(), '1,2\n'.repeat(300));
  assert.deepEqual(unpack(tar), files);
  assert.deepEqual(unpack(bytes('no tar')), []);
  assert.throws(() => pack([{ path: 'x'.repeat(101), content: bytes('') }]));
});

test('of a folder that is what belongs to a script, under the name it gives itself', () => {
  assert.deepEqual(['R/a.R', 'R', 'data/x/y.csv', 'tests/.Rhistory', '.git/config', 'README.md', 'dcp.toml', 'data/.x/y'].filter(isPart), [
    'R/a.R',
    'data/x/y.csv',
    'dcp.toml',
  ]);
  const files = [
    { path: 'README.md', content: bytes('') },
    { path: 'dcp.toml', content: bytes('# what it is\nname = "limits"\n') },
    { path: 'R/a.R', content: bytes('1') },
  ];
  const folder = folderOf('My Limits', files);
  assert.equal(folder.name, 'limits');
  assert.deepEqual(folder.files, [
    { path: 'R/a.R', size: 1 },
    { path: 'dcp.toml', size: 29 },
  ]);
  assert.equal(folderOf('My Limits', files.slice(2)).name, 'my-limits');
  assert.equal(nameIn('description = "name of it"'), undefined);
});

test('bytes become Base64 however many there are', () => {
  const many = Uint8Array.from({ length: 20_000 }, (_, at) => at % 256);
  assert.equal(base64(many), Buffer.from(many).toString('base64'));
});
