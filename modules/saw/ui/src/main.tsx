// Statistical workbench in the portal: a native ES module on React, from the other node's origin; the portal does not care.

import { StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { App } from './app';

interface Props {
  readonly name: string;
  readonly domElement?: HTMLElement;
}

let root: Root | undefined;

export const bootstrap = (): Promise<void> => Promise.resolve();

export function mount({ name, domElement }: Props): Promise<void> {
  const host = domElement ?? document.getElementById(`single-spa-application:${name}`);
  if (!host) return Promise.reject(new Error(`there is no place for ${name}`));
  root = createRoot(host);
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  return Promise.resolve();
}

export function unmount(): Promise<void> {
  root?.unmount();
  root = undefined;
  return Promise.resolve();
}
