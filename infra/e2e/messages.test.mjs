// A message that a module must refuse becomes a dead letter; the operator finds out why, tries again and gives up, with a reason.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';

import { accessible, dcp, eventually, home, isProblem, openBrowser, openPage, portal, screenshot, signIn, Tool } from './platform.mjs';

const QUEUE = 'q.calc.task.publish.v1.all';
// The bus is a file only where no broker was named.
const local = { skip: process.env.DCP_RABBITMQ_URL ? 'the bus is RabbitMQ' : false };
let browser, page, operator;

before(async () => {
  browser = await openBrowser();
  page = await openPage(browser);
  operator = await Tool.of('operator');
});
after(() => browser.close());

/** Puts tasks into the queue that no engine can read: publishing a script without its source. */
function refuse(...ids) {
  const bus = new DatabaseSync(join(home, 'state/bus/gxp.db'));
  bus.exec('PRAGMA busy_timeout = 5000');
  const columns = bus.prepare("SELECT name FROM pragma_table_info('message')").all();
  assert.ok(columns.length > 0, 'the file of the bus holds messages');
  for (const id of ids) put(bus, id);
  bus.close();
}
