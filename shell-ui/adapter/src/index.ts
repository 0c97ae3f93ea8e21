/** Makes an Angular component a single-spa application: one Angular application per mount, nothing left after unmount. */
import {
  APP_ID,
  type ApplicationConfig,
  type ApplicationRef,
  InjectionToken,
  mergeApplicationConfig,
  provideZonelessChangeDetection,
  type Type,
} from '@angular/core';
import { createApplication } from '@angular/platform-browser';

/** What single-spa hands to an application. */
export interface SpaProps {
  readonly name: string;
  readonly domElement?: HTMLElement;
}

/** The properties the application was mounted with. */
export const SPA_PROPS = new InjectionToken<SpaProps>('single-spa properties');

/** The functions single-spa calls. */
export interface Lifecycles {
  readonly bootstrap: () => Promise<void>;
  readonly mount: (props: SpaProps) => Promise<void>;
  readonly unmount: () => Promise<void>;
}

function containerOf(props: SpaProps): HTMLElement {
  if (props.domElement) return props.domElement;
  const id = `single-spa-application:${props.name}`;
  const found = document.getElementById(id);
  if (found) return found;
  const made = document.createElement('div');
  made.id = id;
  document.body.append(made);
  return made;
}

/** The lifecycle functions of a root component: `export const { bootstrap, mount, unmount } = angularLifecycles(Root)`. */
export function angularLifecycles(root: Type<unknown>, config: ApplicationConfig = { providers: [] }): Lifecycles {
  let app: ApplicationRef | undefined;
  let host: HTMLElement | undefined;
  return {
    bootstrap: () => Promise.resolve(),
    async mount(props) {
      host = document.createElement('div');
      host.className = 'dcp-app';
      containerOf(props).replaceChildren(host);
      const own: ApplicationConfig = {
        providers: [
          provideZonelessChangeDetection(),
          { provide: SPA_PROPS, useValue: props },
          // style scopes of two Angular applications on one page must not be equal
          { provide: APP_ID, useValue: props.name.replace(/[^a-z0-9]/gi, '') },
        ],
      };
      app = await createApplication(mergeApplicationConfig(own, config));
      app.bootstrap(root, host);
    },
    unmount() {
      app?.destroy();
      host?.remove();
      app = host = undefined;
      return Promise.resolve();
    },
  };
}
