import { DestroyRef, inject, signal, type Signal } from '@angular/core';
import {
  address,
  clockChoice,
  connection,
  density,
  language,
  portal,
  queryState,
  session,
  sites,
  theme,
  translator,
  type Messages,
  type Parameter,
  type Places,
  type QueryState,
  type Readable,
} from '@dcp/api-service';

/** A shared value as a signal; lives as long as the page, so use it for values of the platform. */
export function signalOf<T>(readable: Readable<T>): Signal<T> {
  const mirror = signal(readable.value);
  readable.subscribe((value) => mirror.set(value));
  return mirror.asReadonly();
}

/** The platform's shared values as signals. */
export const shared = {
  address: signalOf(address),
  clock: signalOf(clockChoice),
  connection: signalOf(connection),
  density: signalOf(density),
  language: signalOf(language),
  portal: signalOf(portal),
  session: signalOf(session),
  sites: signalOf(sites),
  theme: signalOf(theme),
};

/** Looks texts up in the current language; a template that calls it follows the language. */
export function translate<K extends string>(messages: Messages<K>): (key: K, places?: Places) => string {
  const text = translator(messages);
  return (key, places) => {
    shared.language();
    return text(key, places);
  };
}

/** State in the query of the address as a signal, for the life of the component that asks for it. */
export function injectQueryState<
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any parameter type fits; the answer gives each back exactly
  S extends Record<string, Parameter<any>>,
>(
  schema: S,
): {
  readonly state: Signal<ReturnType<typeof queryState<S>>['value']>;
  set: ReturnType<typeof queryState<S>>['set'];
  href: ReturnType<typeof queryState<S>>['href'];
} {
  const bound: QueryState<ReturnType<typeof queryState<S>>['value']> = queryState(schema);
  const mirror = signal(bound.value);
  const end = bound.subscribe((value) => mirror.set(value));
  inject(DestroyRef).onDestroy(() => {
    end();
    bound.stop();
  });
  return { state: mirror.asReadonly(), set: bound.set, href: bound.href };
}
