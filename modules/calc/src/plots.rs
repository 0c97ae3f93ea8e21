//! Plots as they are kept, in SVG, and drawn from that as PNG for whoever cannot use it.
//!
//! The same plot at the same width is the same bytes: it is drawn with one set of fonts and nothing of the machine else. A PNG is
//! not kept, because it is made from the SVG in milliseconds.

use crate::Calc;
use crate::envelope::names;
use crate::record::{JSON, SVG};
use crate::results::{fitting, kept};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::http::{Path, Problem, Query};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Media type of pictures.
const PNG: &str = "image/png";
/// Width where none is asked for, pixels: twice the resolution of the paper that R draws on.
const WIDTH: u32 = 1152;
/// Widths that are drawn, pixels; no height is larger either. The largest is 64 MiB while it is drawn.
const WIDTHS: std::ops::RangeInclusive<u32> = 16..=4096;
/// Longest SVG that is drawn, bytes: about fifty thousand points.
const LONGEST: usize = 4 << 20;
/// What Debian's fonts-dejavu-core has. Named, so that other fonts of the machine change no byte.
const FONTS: [&str; 6] = [
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Bold.ttf",
];
/// One at a time: drawing is work for a processor and takes memory.
static DRAWING: Semaphore = Semaphore::const_new(1);

/// In which size a plot is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(crate) struct Size {
    /// Width of a PNG in pixels, 16 to 4096; the height follows from the plot.
    #[serde(default)]
    width: Option<u32>,
}

/// A plot by its key, which is the SHA-256 of its SVG. `Accept: image/png` answers with a picture of it.
#[utoipa::path(get, path = "/api/calc/artifacts/{key}", tag = "results",
    params(("key" = String, Path, description = "the artifact's key"), Size),
    responses((status = 200, description = "the plot", content((String = "image/svg+xml"), (dcp::http::Binary = "image/png"))),
        (status = 304, description = "unchanged"), (status = 404, description = "unknown", body = Problem),
        (status = 410, description = "no longer kept", body = Problem), (status = 406, description = "not to be had as PNG", body = Problem),
        (status = 422, description = "no such size", body = Problem)))]
pub(crate) async fn artifact_by_key(
    State(calc): State<Calc>,
    Path(key): Path<String>,
    Query(size): Query<Size>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // A browser that takes both gets the plot as it is: it stays sharp.
    if names(&headers, "accept", SVG) || !names(&headers, "accept", PNG) {
        return kept(&calc, &key, &headers, |kind| kind != JSON).await;
    }
    let width = size.width.unwrap_or(WIDTH);
    if !WIDTHS.contains(&width) {
        let range = format!("must be {} to {} pixels", WIDTHS.start(), WIDTHS.end());
        let problem = Problem::unprocessable("A plot is not drawn in this size.");
        return Err(problem.part("width", range));
    }
    let found = fitting(&calc, &key, |kind| kind == SVG).await?;
    let tag = format!("\"{key}-{width}\"");
    let tag = HeaderValue::from_str(&tag).map_err(Problem::internal)?;
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(PNG)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=31536000, immutable"),
        ),
        (header::VARY, HeaderValue::from_static("accept")),
        (header::ETAG, tag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let fonts = calc.settings.fonts.clone();
    let turn = DRAWING.acquire().await.map_err(Problem::internal)?;
    let drawing = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        draw(&found.value, width, &fonts)
    });
    let picture = drawing.await.map_err(Problem::internal)?;
    Ok((about, picture?).into_response())
}

/// Why there is no picture of a plot.
#[derive(Debug, thiserror::Error)]
enum NoPicture {
    #[error("its SVG is longer than {} MiB", LONGEST >> 20)]
    Long,
    #[error("it is too narrow for that width")]
    Shape,
    #[error("it cannot be read: {0}")]
    Svg(#[from] resvg::usvg::Error),
    #[error("it cannot be written: {0}")]
    Png(String),
    #[error("the engine has no fonts: {0}")]
    Fonts(#[source] std::io::Error),
}

impl From<NoPicture> for Problem {
    fn from(error: NoPicture) -> Self {
        let detail = format!("{error}. Ask for {SVG}.");
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "no-picture",
            "The plot cannot be had as PNG",
        )
        .detail(detail)
        .because(error)
    }
}

fn draw(svg: &[u8], width: u32, fonts: &std::path::Path) -> Result<Vec<u8>, NoPicture> {
    if svg.len() > LONGEST {
        return Err(NoPicture::Long);
    }
    let tree = Tree::from_data(svg, &options(fonts)?)?;
    let size = tree.size().to_int_size();
    let size = size.scale_to_width(width).ok_or(NoPicture::Shape)?;
    if size.height() > *WIDTHS.end() {
        return Err(NoPicture::Shape);
    }
    let mut picture = Pixmap::new(size.width(), size.height()).ok_or(NoPicture::Shape)?;
    let scale = Transform::from_scale(
        pixels(size.width()) / tree.size().width(),
        pixels(size.height()) / tree.size().height(),
    );
    resvg::render(&tree, scale, &mut picture.as_mut());
    picture
        .encode_png()
        .map_err(|error| NoPicture::Png(error.to_string()))
}

#[expect(clippy::cast_precision_loss, reason = "at most 4096")]
fn pixels(count: u32) -> f32 {
    count as f32
}

/// Nothing of the machine but the named fonts: a plot must not show a file that it names.
fn options(fonts: &std::path::Path) -> Result<Options<'static>, NoPicture> {
    let mut options = Options {
        font_family: "DejaVu Sans".into(),
        image_href_resolver: ImageHrefResolver {
            resolve_string: Box::new(|_, _| None),
            ..ImageHrefResolver::default()
        },
        ..Options::default()
    };
    let known = Arc::make_mut(&mut options.fontdb);
    for font in FONTS {
        known.load_font_data(std::fs::read(fonts.join(font)).map_err(NoPicture::Fonts)?);
    }
    known.set_sans_serif_family("DejaVu Sans");
    // What stands for a family that is not there.
    known.set_serif_family("DejaVu Sans");
    known.set_monospace_family("DejaVu Sans Mono");
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use std::path::Path;

    const FOLDER: &str = "/usr/share/fonts/truetype/dejavu";

    fn drawn(inside: &str, width: u32) -> Result<Pixmap, NoPicture> {
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='576pt' height='360pt' \
             viewBox='0 0 576 360'><rect width='100%' height='100%' fill='#ffffff'/>{inside}</svg>"
        );
        let bytes = draw(svg.as_bytes(), width, Path::new(FOLDER))?;
        Ok(Pixmap::decode_png(&bytes).unwrap())
    }

    fn dark(picture: &Pixmap) -> usize {
        let pixels = picture.pixels().iter();
        pixels.filter(|pixel| pixel.red() < 128).count()
    }

    #[test]
    fn lines_and_texts_are_drawn_in_the_size_that_is_asked_for() {
        let picture = drawn("", 1152).unwrap();
        assert_eq!((picture.width(), picture.height()), (1152, 720));
        assert_eq!(dark(&picture), 0);
        let square = drawn("<rect width='288' height='180'/>", 576).unwrap();
        assert_eq!(dark(&square), 288 * 180);
        let text = |family: &str| {
            let text = format!(
                "<text x='9' y='99' style='font-size: 40px; font-family: {family};'>MWM</text>"
            );
            dark(&drawn(&text, 576).unwrap())
        };
        assert!(text("\"DejaVu Sans\"") > 500);
        assert_eq!(text("Nothing"), text("\"DejaVu Sans\""));
        assert_ne!(text("\"DejaVu Serif\""), text("sans-serif"));
    }

    #[test]
    fn no_file_that_a_plot_names_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("black.png");
        let mut black = Pixmap::new(8, 8).unwrap();
        black.fill(resvg::tiny_skia::Color::BLACK);
        let bytes = black.encode_png().unwrap();
        std::fs::write(&file, &bytes).unwrap();
        let image = |address: &str| {
            let image = format!("<image width='80' height='80' xlink:href='{address}'/>");
            dark(&drawn(&image, 576).unwrap())
        };
        let inside = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes));
        assert!(image(&inside) > 6000, "what a plot holds itself is shown");
        assert_eq!(image(&file.display().to_string()), 0);
    }

    #[test]
    fn what_cannot_be_drawn_says_why() {
        let long = "<!-- -->".repeat(LONGEST / 8);
        assert!(matches!(drawn(&long, 576), Err(NoPicture::Long)));
        assert!(matches!(drawn("<g>", 576), Err(NoPicture::Svg(_))));
        let narrow = b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='9999'/>";
        let narrow = draw(narrow, 16, Path::new(FOLDER));
        assert!(matches!(narrow, Err(NoPicture::Shape)));
        let nowhere = draw(b"<svg/>", 576, Path::new("/nowhere"));
        assert!(matches!(nowhere, Err(NoPicture::Fonts(_))));
    }
}
