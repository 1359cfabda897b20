"use strict";

if (new URLSearchParams(location.search).get("key") === "wrong")
    document.getElementById("wrong").hidden = false;
