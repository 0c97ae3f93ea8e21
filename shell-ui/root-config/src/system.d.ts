/** The part of SystemJS the shell uses. */
declare const System: {
  import<T>(name: string): Promise<T>;
  resolve(name: string): string;
  delete(url: string): boolean;
  addImportMap(map: { imports: Record<string, string>; integrity?: Record<string, string> }): void;
};
