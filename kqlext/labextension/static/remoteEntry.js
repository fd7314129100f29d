// The module federation container of a prebuilt JupyterLab extension, by hand: there is nothing to bundle.
// JupyterLab calls `init` with what it shares and `get` for the module that package.json names.
(() => {
  const extension = new URL('extension.js', document.currentScript.src).href;
  let shared;

  // JupyterLab's own copy of a package. It shares one of each: two copies of an editor's do not go together.
  async function take(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  async function get() {
    const {makePlugin} = await import(extension);
    const [codemirror, language, state, common] = await Promise.all(
      ['@jupyterlab/codemirror', '@codemirror/language', '@codemirror/state', '@lezer/common'].map(take)
    );
    const plugin = makePlugin({codemirror, language, state, common});
    return () => ({__esModule: true, default: plugin});
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.kqlext = {init: scope => { shared = scope; }, get};
})();
