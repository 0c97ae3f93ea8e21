/** The parts of the AsyncAPI document that the page reads, and what it makes of them. */
import { api } from '@dcp/api-service';

/** Where the edge serves the document. */
export const ADDRESS = '/asyncapi.json';

/** A JSON Schema as the document holds it. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

interface Reference {
  readonly $ref: string;
}

interface Message {
  readonly description?: string;
  readonly payload?: Schema;
  readonly examples?: readonly { readonly payload: unknown }[];
  readonly 'x-dcp-owner'?: string;
  readonly 'x-dcp-kind'?: Kind;
  readonly 'x-dcp-version'?: number;
}

interface Operation {
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly 'x-dcp-module': string;
  readonly 'x-dcp-queues'?: readonly string[];
  readonly 'x-dcp-ordered'?: boolean;
}

/** The document as it is served. */
export interface AsyncApi {
  readonly info: { readonly 'x-dcp-missing'?: readonly string[] };
  readonly channels: Readonly<Record<string, { readonly address: string }>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly messageTraits: { readonly envelope: { readonly headers: Schema } };
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

export type Kind = 'event' | 'task';

/** Who reads a message, and from which queues. */
export interface Reader {
  readonly module: string;
  readonly queues: readonly string[];
  /** Whether messages about the same take effect in their order. */
  readonly ordered: boolean;
}

/** One version of an event or a task. */
export interface Contract {
  /** Its name on the wire, with the version. */
  readonly name: string;
  readonly kind: Kind;
  readonly version: number | undefined;
  readonly description: string;
  /** Routing key of an event, queue of a task. */
  readonly address: string;
  readonly senders: readonly string[];
  readonly readers: readonly Reader[];
  /** Absent where the node is older than the module that names the message. */
  readonly payload: Schema | undefined;
  readonly example: unknown;
}

/** Reads the document of the deployed modules. */
export function loadDocument(signal: AbortSignal): Promise<AsyncApi> {
  return api.get<AsyncApi>(ADDRESS, { signal });
}

/** Every event and task of the document, by name. */
export function contractsOf(document: AsyncApi): readonly Contract[] {
  const operations = Object.values(document.operations);
  return Object.entries(document.channels)
    .map(([name, { address }]) => {
      const message = document.components.messages[name];
      const own = operations.filter(({ channel }) => channel.$ref === `#/channels/${name}`);
      return {
        name,
        kind: message?.['x-dcp-kind'] ?? 'event',
        version: message?.['x-dcp-version'],
        description: message?.description ?? '',
        address,
        senders: own.filter(({ action }) => action === 'send').map((one) => one['x-dcp-module']),
        readers: own
          .filter(({ action }) => action === 'receive')
          .map((one) => ({ module: one['x-dcp-module'], queues: one['x-dcp-queues'] ?? [], ordered: one['x-dcp-ordered'] ?? false })),
        payload: message?.payload,
        example: message?.examples?.[0]?.payload,
      };
    })
    .sort((one, other) => one.name.localeCompare(other.name));
}
