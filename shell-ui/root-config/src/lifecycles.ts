/** What single-spa hands to an application. */
export interface Props {
  readonly name: string;
}

/** What an application exports. */
export interface Lifecycles {
  bootstrap(props: Props): Promise<void>;
  mount(props: Props): Promise<void>;
  unmount(props: Props): Promise<void>;
}
