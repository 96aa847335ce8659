//! A picture as it is searched: without its colours, scaled down, and in the variants in which a code may be found.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, Pixel};

/// Larger pictures are scaled down to this before they are searched: a label fills enough of a photograph.
const SEARCHED_SIDE: u32 = 1600;
/// Pictures up to this are also tried at twice their size.
const SMALL_SIDE: u32 = 800;
/// Width of the margin put around each picture: screenshots are often cut too close.
const MARGIN: u32 = 16;

/// A picture without its colours, scaled down to what is searched.
pub(super) enum Grey {
    /// Every pixel is opaque.
    Opaque(GrayImage),
    /// With transparent pixels: codes are often drawn on a transparent background.
    Transparent(GrayAlphaImage),
}

impl Grey {
    /// Takes the picture, and gives its memory back.
    pub(super) fn of(picture: DynamicImage) -> Self {
        if picture.color().has_alpha() {
            Self::Transparent(fitted(picture.into_luma_alpha8()))
        } else {
            Self::Opaque(fitted(picture.into_luma8()))
        }
    }

    /// On backgrounds that a code may have been drawn for.
    fn flattened(&self) -> Vec<GrayImage> {
        match self {
            Self::Opaque(grey) => vec![grey.clone()],
            Self::Transparent(grey) => [255, 0].map(|background| on(grey, background)).into(),
        }
    }
}

/// Transparent pixels on a background of that shade.
fn on(grey: &GrayAlphaImage, background: u8) -> GrayImage {
    GrayImage::from_fn(grey.width(), grey.height(), |x, y| {
        let [shade, alpha] = grey.get_pixel(x, y).0.map(u16::from);
        let blended = (shade * alpha + u16::from(background) * (255 - alpha)) / 255;
        Luma([u8::try_from(blended).unwrap_or(u8::MAX)])
    })
}

/// The variants of the picture to search, most promising first, each made only when its turn comes: at its own size
/// (within bounds), at twice and at half of it, and all of these with dark and light exchanged.
pub(super) fn variants(grey: &Grey) -> impl Iterator<Item = GrayImage> {
    grey.flattened().into_iter().flat_map(|plain| {
        [false, true].into_iter().flat_map(move |inverted| {
            let mut plain = plain.clone();
            if inverted {
                imageops::invert(&mut plain);
            }
            let (width, height) = plain.dimensions();
            let doubled = width.max(height) <= SMALL_SIDE;
            let halved = width.min(height) >= SMALL_SIDE / 2;
            [Some((1, 1)), doubled.then_some((2, 1)), halved.then_some((1, 2))].into_iter().flatten().map(
                move |(times, parts)| match (times, parts) {
                    (1, 1) => margined(&plain),
                    _ => margined(&resized(&plain, width * times / parts, height * times / parts)),
                },
            )
        })
    })
}

fn fitted<P: Pixel<Subpixel = u8> + 'static>(picture: ImageBuffer<P, Vec<u8>>) -> ImageBuffer<P, Vec<u8>> {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= SEARCHED_SIDE {
        return picture;
    }
    // The filters of `resize` take 16 bytes for each pixel of a picture that is as wide as before.
    let (width, height) = (width * SEARCHED_SIDE / longest, height * SEARCHED_SIDE / longest);
    imageops::thumbnail(&picture, width.max(1), height.max(1))
}

fn resized(grey: &GrayImage, width: u32, height: u32) -> GrayImage {
    imageops::resize(grey, width.max(1), height.max(1), FilterType::Triangle)
}

fn margined(grey: &GrayImage) -> GrayImage {
    let (width, height) = grey.dimensions();
    let mut margined = GrayImage::from_pixel(width + 2 * MARGIN, height + 2 * MARGIN, Luma([255]));
    imageops::replace(&mut margined, grey, MARGIN.into(), MARGIN.into());
    margined
}
