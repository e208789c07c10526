"use strict";

// A token stays in this tab's memory, and nothing is asked of any other host: no validator, no address from the query.
SwaggerUIBundle({
  dom_id: "#api",
  url: new URL("docs/openapi.json", document.baseURI).href,
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
});
