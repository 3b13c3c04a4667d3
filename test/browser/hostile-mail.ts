/** A mail that tries to run, load, submit and navigate in every way that html knows. */

const GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/** `evil` is an address on the console's own origin, so that the page's policy alone would allow the request. */
const html = (evil: string): string => `<!doctype html><html><head>
<meta http-equiv="refresh" content="0;url=${evil}/refresh"><base href="${evil}/base/" target="_top">
<link rel="stylesheet" href="${evil}/link.css"><link rel="prefetch" href="${evil}/prefetch">
<STYLE type="text/css"><!-- @import url(${evil}/import.css); @font-face { font-family: f; src: url(${evil}/font) }
p { color: rgb(0, 128, 0); background: url(${evil}/sheet.png); --a: url(${evil}/custom) }
h2 { background-image: var(--a, \\75rl(${evil}/escaped)); list-style-image: image-set("${evil}/set.png" 1x) }
@media (min-width: 1px) { h3 { border-image: url(${evil}/media.png); font-style: italic } } --></STYLE>
<script>window.top.pwned = 1</script><script src="${evil}/script.js"></script></head>
<body background="${evil}/body.png" bgcolor="#ffeeee" onload="window.top.pwned = 2" STYLE="font-family: f; margin: 3px">
<p style="background:url('${evil}/inline.png');font-weight:bold" onclick="window.top.pwned = 3" id="x">Bonjour, lifestyle Style</p>
<h2 style="--b:url(${evil}/c);background:var(--b)">Titre</h2><h3>Sous-titre</h3>
<img src="${evil}/picture.png" srcset="${evil}/set2.png 2x" alt="une image" onerror="window.top.pwned = 4">
<img src="//tracker.example/pixel.gif" width="1"><img src="cid:logo@mail" alt="le logo"><img src="data:image/gif;base64,${GIF}">
<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='window.top.pwned=5'/>"><img src=x onerror=alert(1)>
<svg onload="window.top.pwned = 6"><style>*{background:url(${evil}/svg.png)}</style><script>window.top.pwned = 7</script>
<image href="${evil}/svg-image.png"/><foreignObject><iframe srcdoc="<script>top.pwned = 8</script>"></iframe></foreignObject></svg>
<math><mtext><table><mglyph><style><img src onerror="window.top.pwned = 9"></style></mglyph></table></mtext></math>
<iframe src="${evil}/frame"></iframe><iframe srcdoc="<script>top.pwned = 10</script>"></iframe>
<object data="${evil}/object"></object><embed src="${evil}/embed"><video poster="${evil}/poster" src="${evil}/video" autoplay></video>
<form action="${evil}/form"><input name="password" type="password" autofocus onfocus="window.top.pwned = 11"><input type="image" src="${evil}/submit.png"><button>Envoyer</button></form>
<a href="javascript:window.top.pwned = 12">Un lien</a> <a href="https://example.org/facture" target="_top" ping="${evil}/ping">La facture</a>
<template><img src="${evil}/template.png" onerror="window.top.pwned = 13"></template><noscript><img src="${evil}/noscript.png"></noscript>
<table background="${evil}/table.png"><tr><td style="background-image:url(${evil}/cell.png)">Total</td></tr></table>
<xmp></style><img src="${evil}/xmp.png"></xmp><div style="position:fixed;inset:0;z-index:9">Partout</div>
<marquee onstart="window.top.pwned = 14">Fin</marquee></body></html>`;

/** Bytes of a mail with text, that html, a picture within it, and an attachment. */
export const hostileMail = (evil: string): Buffer =>
  Buffer.from(
    [
      "From: ada@example.com",
      "To: grace@example.com",
      "Subject: Hostile",
      "Message-ID: <hostile@example.com>",
      "Date: Tue, 05 Jan 2027 09:00:00 +0100",
      "MIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="m"',
      "",
      "--m",
      'Content-Type: multipart/alternative; boundary="a"',
      "",
      "--a",
      "Content-Type: text/plain; charset=utf-8",
      "",
      "Le texte seul",
      "--a",
      "Content-Type: text/html; charset=utf-8",
      "Content-Transfer-Encoding: base64",
      "",
      ...(Buffer.from(html(evil))
        .toString("base64")
        .match(/.{1,76}/g) ?? []),
      "--a--",
      "--m",
      "Content-Type: image/gif; name=logo.gif",
      "Content-ID: <logo@mail>",
      "Content-Disposition: inline; filename=logo.gif",
      "Content-Transfer-Encoding: base64",
      "",
      GIF,
      "--m",
      "Content-Type: text/html; name=page.html",
      "Content-Disposition: attachment; filename=page.html",
      "",
      "<script>top.pwned = 15</script>",
      "--m--",
      "",
    ].join("\r\n"),
  );
