//! From a picture of a label to the text of its QR code: PNG or JPEG bytes in, text out.
//!
//! [`crate::wire::qr`] reads the text; it is called here only to choose between several codes in one picture. The
//! caller reads the file and speaks to the user. Pictures may be hostile: their size is bounded before they are
//! decoded, and decoding and search have a deadline and survive a panic of their libraries.
//!
//! - `grey.rs`: what is searched of a picture

mod grey;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use grey::{Grey, variants};
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits};

use crate::wire::qr::Payload;

/// Largest width and height that is decoded, in pixels.
pub const MAX_SIDE: u32 = 8192;
/// Largest picture file that is decoded, in bytes.
pub const MAX_BYTES: usize = 32 << 20;
/// Most memory a decoded picture may take, in bytes: a photograph of 33 megapixels in colour fits. What is made of it
/// afterwards is at most half as large, and it is given back before it is searched, so that all of it stays below
/// 256 MiB.
const MAX_ALLOCATION: u64 = 96 << 20;
/// Longest search. A photograph takes well under a second, one full of shapes like the corners of codes takes minutes.
const SEARCH_TIME: Duration = Duration::from_secs(15);
/// The name of the thread that searches. Its panics are caught, and a panic hook knows them by it.
pub const WORKER: &str = "qr-image";

/// Why a picture gives no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QrImageError {
    /// Neither PNG nor JPEG.
    #[error("this is not a PNG or JPEG image")]
    NotAnImage,
    /// It begins as an image and then breaks off or contradicts itself.
    #[error("the image is damaged or cut short")]
    Damaged,
    /// More than [`MAX_BYTES`], or than [`MAX_SIDE`] in a direction, or more memory than a photograph takes.
    #[error("the image is too large: up to {MAX_SIDE} by {MAX_SIDE} pixels and {} MiB are read", MAX_BYTES >> 20)]
    TooLarge,
    /// Nothing in it looks like a QR code.
    #[error("there is no QR code in the image")]
    NoQrCode,
    /// There is a QR code, but too blurred, damaged or small; or it holds no text.
    #[error("there is a QR code in the image, but it cannot be read")]
    Unreadable,
    /// The search was given up.
    #[error("looking for a QR code in the image took too long: cut the image down to the code")]
    TookTooLong,
}

/// Whether `bytes` begin like a PNG or JPEG file, to tell a picture from the payload itself.
pub fn looks_like_image(bytes: &[u8]) -> bool {
    format_of(bytes).is_some()
}

/// The text of the QR code in a PNG or JPEG file. Of several, the first that is a provisioning payload, else the first.
///
/// Blocks for up to some seconds, so callers in async code give it a blocking thread.
pub fn read(bytes: &[u8]) -> Result<String, QrImageError> {
    read_within(bytes, SEARCH_TIME)
}

fn read_within(bytes: &[u8], limit: Duration) -> Result<String, QrImageError> {
    let format = format_of(bytes).ok_or(QrImageError::NotAnImage)?;
    if bytes.len() > MAX_BYTES {
        return Err(QrImageError::TooLarge);
    }
    let deadline = Instant::now() + limit;
    let findings = search_all(bytes.to_vec(), format);
    let mut fallback = None;
    let mut seen = false;
    loop {
        match findings.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Err(error)) => return Err(error),
            Ok(Ok(found)) => {
                seen |= found.any;
                for text in found.texts {
                    if Payload::parse(&text).is_ok() {
                        return Ok(text);
                    }
                    fallback.get_or_insert(text);
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => return fallback.ok_or(QrImageError::TookTooLong),
            Err(mpsc::RecvTimeoutError::Disconnected) if seen => return fallback.ok_or(QrImageError::Unreadable),
            Err(mpsc::RecvTimeoutError::Disconnected) => return fallback.ok_or(QrImageError::NoQrCode),
        }
    }
}

/// What one look at a picture found.
#[derive(Default)]
struct Found {
    /// Anything like a QR code.
    any: bool,
    /// The texts of those that can be read.
    texts: Vec<String>,
}

/// Decodes the picture and searches every variant of it on a separate thread, which ends when its caller has stopped
/// waiting.
fn search_all(bytes: Vec<u8>, format: ImageFormat) -> mpsc::Receiver<Result<Found, QrImageError>> {
    let (sender, findings) = mpsc::channel();
    let work = move || {
        let decoded = catch_unwind(|| decode(&bytes, format).map(Grey::of)).unwrap_or(Err(QrImageError::Damaged));
        drop(bytes);
        let grey = match decoded {
            Ok(grey) => grey,
            Err(error) => return drop(sender.send(Err(error))),
        };
        for variant in variants(&grey) {
            // rqrr 0.11 panics on corners that do not form a square (its issue 54): the next variant may be readable.
            let found = catch_unwind(AssertUnwindSafe(|| search(&variant))).unwrap_or_default();
            if sender.send(Ok(found)).is_err() {
                break;
            }
        }
    };
    // Without a thread the sender is dropped, and the picture counts as one without a code.
    let _ = thread::Builder::new().name(WORKER.to_owned()).spawn(work);
    findings
}

fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(ImageFormat::Png),
        [0xff, 0xd8, 0xff, ..] => Some(ImageFormat::Jpeg),
        _ => None,
    }
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, QrImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader.decode().map_err(|error| match error {
        ImageError::Limits(error) if !matches!(error.kind(), LimitErrorKind::Unsupported { .. }) => {
            QrImageError::TooLarge
        }
        _ => QrImageError::Damaged,
    })
}

fn search(grey: &GrayImage) -> Found {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let pixels = grey.as_raw();
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = prepared.detect_grids();
    let texts = grids.iter().filter_map(|grid| grid.decode().ok().map(|(_, text)| text)).collect();
    Found { any: !grids.is_empty(), texts }
}

#[cfg(test)]
mod tests {
    use image::{Luma, imageops};

    use super::*;

    const LABEL: &str = r#"{"ver":"v1","name":"PROV_d76c30","username":"wifiprov","pop":"7a9d365e","transport":"ble"}"#;

    /// A code drawn with `module` pixels a module and `quiet` modules of margin.
    fn drawn(text: &str, module: u32, quiet: u32) -> GrayImage {
        let code = fast_qr::QRBuilder::new(text).build().expect("a text that fits");
        let modules = u32::try_from(code.size).expect("at most 177");
        let side = (modules + 2 * quiet) * module;
        GrayImage::from_fn(side, side, |x, y| {
            let at = |at: u32| (at / module).checked_sub(quiet).filter(|&at| at < modules).map(|at| at as usize);
            let dark = at(y).zip(at(x)).is_some_and(|(row, column)| code[row][column].value());
            Luma([if dark { 20 } else { 240 }])
        })
    }

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).expect("encoding to memory");
        bytes.into_inner()
    }

    fn read_png(picture: impl Into<DynamicImage>) -> Result<String, QrImageError> {
        read(&encoded(picture, ImageFormat::Png))
    }

    #[test]
    fn a_code_is_read_at_any_scale_and_margin() {
        for (module, quiet) in [(1, 4), (2, 4), (3, 4), (8, 4), (8, 0), (3, 0), (8, 40), (25, 4), (60, 4)] {
            assert_eq!(read_png(drawn(LABEL, module, quiet)).as_deref(), Ok(LABEL), "{module} px, {quiet} modules");
        }
    }

    #[test]
    fn a_code_is_read_turned_inverted_and_as_jpeg() {
        let upright = drawn(LABEL, 6, 4);
        assert_eq!(read(&encoded(upright.clone(), ImageFormat::Jpeg)).as_deref(), Ok(LABEL));
        assert_eq!(read_png(imageops::rotate90(&upright)).as_deref(), Ok(LABEL));
        assert_eq!(read_png(imageops::rotate180(&upright)).as_deref(), Ok(LABEL));
        let mut inverted = upright.clone();
        imageops::invert(&mut inverted);
        assert_eq!(read_png(inverted).as_deref(), Ok(LABEL));
        assert_eq!(read_png(imageops::blur(&upright, 1.5)).as_deref(), Ok(LABEL));
    }

    #[test]
    fn a_code_on_a_transparent_background_is_read() {
        for ink in [0, 255] {
            let clear = image::GrayAlphaImage::from_fn(300, 300, |x, y| {
                let dark = drawn_at(x, y) < 128;
                image::LumaA([ink, if dark { 255 } else { 0 }])
            });
            assert_eq!(read_png(clear).as_deref(), Ok("NP:PROV_1|abcd1234|b"), "ink {ink}");
        }
    }

    fn drawn_at(x: u32, y: u32) -> u8 {
        use std::sync::LazyLock;
        static CODE: LazyLock<GrayImage> = LazyLock::new(|| drawn("NP:PROV_1|abcd1234|b", 8, 4));
        CODE.get_pixel_checked(x, y).map_or(255, |pixel| pixel.0[0])
    }

    #[test]
    fn of_several_codes_the_label_is_taken() {
        let (other, label) = (drawn("https://vendor.example/manual", 5, 4), drawn(LABEL, 5, 4));
        let (width, height) = (other.width() + label.width(), label.height().max(other.height()));
        let mut both = GrayImage::from_pixel(width, height, Luma([240]));
        imageops::replace(&mut both, &other, 0, 0);
        imageops::replace(&mut both, &label, other.width().into(), 0);
        assert_eq!(read_png(both).as_deref(), Ok(LABEL));
        assert_eq!(read_png(other).as_deref(), Ok("https://vendor.example/manual"));
    }

    #[test]
    fn pictures_without_a_readable_code() {
        assert_eq!(read_png(GrayImage::from_pixel(400, 300, Luma([255]))), Err(QrImageError::NoQrCode));
        assert_eq!(read_png(GrayImage::from_pixel(1, 1, Luma([0]))), Err(QrImageError::NoQrCode));
        let mut smeared = drawn(LABEL, 6, 4);
        let side = smeared.width();
        for (x, y) in (side / 3..side * 5 / 6).flat_map(|x| (side / 3..side * 5 / 6).map(move |y| (x, y))) {
            smeared.put_pixel(x, y, Luma([240]));
        }
        assert_eq!(read_png(smeared), Err(QrImageError::Unreadable));
    }

    #[test]
    fn noise_is_not_taken_for_a_code() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let noise = GrayImage::from_fn(300, 200, |_, _| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Luma([state.to_le_bytes()[3]])
        });
        assert!(matches!(read_png(noise), Err(QrImageError::NoQrCode | QrImageError::Unreadable)));
    }

    /// Corner patterns wall to wall: the search's library takes minutes over them, or panics.
    #[test]
    fn a_wall_of_corners_ends_in_time() {
        let wall = |spacing: u32| {
            GrayImage::from_fn(400, 400, |x, y| {
                let (x, y) = (x % spacing, y % spacing);
                let ring = x < 7 && y < 7 && ([0, 6].contains(&x) || [0, 6].contains(&y));
                let dot = (2..5).contains(&x) && (2..5).contains(&y);
                Luma([if ring || dot { 0 } else { 255 }])
            })
        };
        for spacing in [9, 12] {
            let began = Instant::now();
            let bytes = encoded(wall(spacing), ImageFormat::Png);
            assert!(read_within(&bytes, Duration::from_millis(200)).is_err());
            assert!(began.elapsed() < Duration::from_secs(5));
        }
    }

    #[test]
    fn other_files_are_refused() {
        let png = encoded(drawn(LABEL, 6, 4), ImageFormat::Png);
        let jpeg = encoded(drawn(LABEL, 6, 4), ImageFormat::Jpeg);
        assert!(looks_like_image(&png) && looks_like_image(&jpeg) && !looks_like_image(LABEL.as_bytes()));
        assert_eq!(read(b""), Err(QrImageError::NotAnImage));
        assert_eq!(read(LABEL.as_bytes()), Err(QrImageError::NotAnImage));
        assert_eq!(read(&[0x5a; 4096]), Err(QrImageError::NotAnImage));
        for cut in [8, 20, 60, png.len() / 2] {
            assert_eq!(read(&png[..cut]), Err(QrImageError::Damaged), "PNG cut at {cut}");
        }
        assert_eq!(read(&jpeg[..40]), Err(QrImageError::Damaged));
        let mut scribbled = jpeg;
        scribbled[200..].fill(0x5a);
        assert!(read(&scribbled).is_err());
    }

    #[test]
    fn image_bombs_are_refused_by_their_header() {
        let mut png = encoded(GrayImage::from_pixel(1, 1, Luma([0])), ImageFormat::Png);
        // IHDR: length, type, then width and height; its checksum follows 13 bytes of data.
        png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(read(&png), Err(QrImageError::TooLarge));

        let mut long = vec![0; MAX_BYTES + 1];
        long[..8].copy_from_slice(&png[..8]);
        assert_eq!(read(&long), Err(QrImageError::TooLarge));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
        })
    }
}
