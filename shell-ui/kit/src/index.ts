/** The pieces of the portal's look for Angular: bundled into each application that uses them. */
export * from './signals';
